//! Summaries that consist of counts and can be added up.

/// Declares a struct of counts to which another value of its type can be added.
macro_rules! counts {
    ($(#[$of_struct:meta])* pub struct $name:ident { $($(#[$of_field:meta])* pub $field:ident: u64,)* }) => {
        $(#[$of_struct])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
        pub struct $name { $($(#[$of_field])* pub $field: u64,)* }

        impl std::ops::AddAssign<&Self> for $name {
            fn add_assign(&mut self, other: &Self) {
                $(self.$field += other.$field;)*
            }
        }
    };
}

pub(crate) use counts;
