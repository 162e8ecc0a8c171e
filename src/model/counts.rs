//! Summaries that are counts, declared once and added up.

/// Declares a struct of counts that can be added to one of its kind.
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
