//! JSON as a tree of a bounded number of values.

use std::cell::Cell;

use serde::de::{Error, MapAccess, SeqAccess};
use serde_json::{Map, Value};

use super::keep::{Keep, Read};
use super::parse::parse;

/// Why there is no tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoTree {
    #[error("something that is no JSON")]
    NotJson,
    #[error("more than {0} values")]
    TooMany(usize),
}

/// Parses JSON as a whole, with at most so many values. A value takes up to 700 bytes beside its text.
///
/// # Errors
/// When it is no JSON, or holds more values.
pub fn read_tree(bytes: &[u8], most: usize) -> Result<Value, NoTree> {
    let count = Cell::new(0);
    let tree = || {
        count.set(0);
        Tree { count: &count, most }
    };
    match parse(bytes, tree) {
        Ok(parsed) => Ok(parsed.kept),
        Err(_) if count.get() > most => Err(NoTree::TooMany(most)),
        Err(_) => Err(NoTree::NotJson),
    }
}

/// Keeps everything, up to a number of values.
#[derive(Clone, Copy)]
struct Tree<'a> {
    count: &'a Cell<usize>,
    most: usize,
}

impl Tree<'_> {
    /// Counts a value that was read.
    fn counted<E: Error>(self, value: Value) -> Result<Value, E> {
        self.count.set(self.count.get() + 1);
        if self.count.get() > self.most { Err(E::custom("too many values")) } else { Ok(value) }
    }
}

impl Keep for Tree<'_> {
    type Kept = Value;

    fn leaf(self, value: Value) -> Value {
        value
    }

    fn list<'de, A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Read(self))? {
            values.push(self.counted(value)?);
        }
        Ok(Value::Array(values))
    }

    fn object<'de, A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some((name, value)) = object.next_entry_seed(Read(Key), Read(self))? {
            fields.insert(name, self.counted(value)?);
        }
        Ok(Value::Object(fields))
    }
}

/// Keeps a key.
struct Key;

impl Keep for Key {
    type Kept = String;

    fn leaf(self, _: Value) -> String {
        unreachable!("keys are texts")
    }

    fn text(self, text: &str) -> String {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_as_the_parser_makes_it_up_to_its_number_of_values() {
        for json in [r#"{"a":[1,{"b":null}],"a":[2.5,true,"x",[]],"c":{}}"#, "[]", "7", r#"[{"":0},{"":0}]"#] {
            let plain: Value = serde_json::from_str(json).unwrap();
            assert_eq!(read_tree(json.as_bytes(), 10), Ok(plain), "{json}");
        }
        assert_eq!(read_tree(b"\xEF\xBB\xBF[\"\\ud83d\"]", 10), Ok(serde_json::json!(["\u{FFFD}"])));
        for json in ["", "[", "[] 1", "\"\u{1}\"", "[1e999]"] {
            assert_eq!(read_tree(json.as_bytes(), 10), Err(NoTree::NotJson), "{json}");
        }
        for json in
            ["[0,1,2,3,4,5,6,7,8,9,10]", r#"[[[[[[[[[[[]]]]]]]]]]]"#, r#"[{"":0},{"":0},{"":0},{"":0},{"":0},{"":"#]
        {
            assert_eq!(read_tree(json.as_bytes(), 9), Err(NoTree::TooMany(9)), "{json}");
        }
    }
}
