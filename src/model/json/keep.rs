//! Reads JSON and builds no more of it than is kept.
//!
//! Everything is parsed in the same way, also what is passed over: so JSON that is wrong is refused at the same place,
//! whether or not anybody reads the field. (Serde's `IgnoredAny` is laxer: it takes any depth and any number.)

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// What is kept of a value. Whatever is not asked for is passed over.
pub trait Keep: Sized {
    type Kept;

    /// Keeps a value. A list or an object comes without what is in it.
    fn leaf(self, value: Value) -> Self::Kept;

    fn text(self, text: &str) -> Self::Kept {
        self.leaf(Value::String(text.to_owned()))
    }

    fn list<'de, A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Kept, A::Error> {
        pass_over(&mut list)?;
        Ok(self.leaf(Value::Array(Vec::new())))
    }

    fn object<'de, A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Kept, A::Error> {
        while object.next_key_seed(Read(Nothing))?.is_some() {
            object.next_value_seed(Read(Nothing))?;
        }
        Ok(self.leaf(Value::Object(Map::new())))
    }
}

/// Passes over the rest of a list.
pub fn pass_over<'de, A: SeqAccess<'de>>(list: &mut A) -> Result<(), A::Error> {
    while list.next_element_seed(Read(Nothing))?.is_some() {}
    Ok(())
}

/// Parses a value of any type for what is to be kept of it.
pub struct Read<K>(pub K);

impl<'de, K: Keep> DeserializeSeed<'de> for Read<K> {
    type Value = K::Kept;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<K::Kept, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, K: Keep> Visitor<'de> for Read<K> {
    type Value = K::Kept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<K::Kept, E> {
        Ok(self.0.leaf(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<K::Kept, E> {
        Ok(self.0.leaf(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<K::Kept, E> {
        Ok(self.0.leaf(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<K::Kept, E> {
        Ok(self.0.leaf(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<K::Kept, E> {
        Ok(self.0.leaf(value.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<K::Kept, E> {
        Ok(self.0.text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<K::Kept, A::Error> {
        self.0.list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<K::Kept, A::Error> {
        self.0.object(object)
    }
}

/// Keeps nothing.
pub struct Nothing;

impl Keep for Nothing {
    type Kept = ();

    fn leaf(self, _: Value) {}

    fn text(self, _: &str) {}
}

/// Keeps a value, and of a list or an object only that it is one.
pub struct Leaf;

impl Keep for Leaf {
    type Kept = Value;

    fn leaf(self, value: Value) -> Value {
        value
    }
}

/// Keeps which of some names a key is: its place among them.
pub struct Name<'a>(pub &'a [&'static str]);

impl Keep for Name<'_> {
    type Kept = Option<usize>;

    fn leaf(self, _: Value) -> Option<usize> {
        None
    }

    fn text(self, text: &str) -> Option<usize> {
        self.0.iter().position(|name| *name == text)
    }
}

/// The leaves of an object that are kept. Of a field that comes twice it is the last one.
pub struct Leaves<const N: usize> {
    names: &'static [&'static str; N],
    values: [Option<Value>; N],
}

impl<const N: usize> Leaves<N> {
    pub fn new(names: &'static [&'static str; N]) -> Self {
        Self { names, values: [const { None }; N] }
    }

    /// Reads the value of a field, whose place among the names is given if it has one.
    pub fn read<'de, A: MapAccess<'de>>(&mut self, place: Option<usize>, object: &mut A) -> Result<(), A::Error> {
        match place {
            None => object.next_value_seed(Read(Nothing)),
            Some(place) => object.next_value_seed(Read(Leaf)).map(|value| self.values[place] = Some(value)),
        }
    }

    /// Takes a field out. `None` if it did not come.
    ///
    /// # Panics
    /// When it is none of the names.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        let place = self.names.iter().position(|known| *known == name).expect("a name that is kept");
        self.values[place].take()
    }
}

/// Keeps some fields of an object, or the value if it is none.
pub struct Fields<const N: usize>(pub &'static [&'static str; N]);

impl<const N: usize> Keep for Fields<N> {
    type Kept = Result<Leaves<N>, Value>;

    fn leaf(self, value: Value) -> Self::Kept {
        Err(value)
    }

    fn object<'de, A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Kept, A::Error> {
        let mut leaves = Leaves::new(self.0);
        while let Some(place) = object.next_key_seed(Read(Name(self.0)))? {
            leaves.read(place, &mut object)?;
        }
        Ok(Ok(leaves))
    }
}
