//! The object that says whose mirror it is, and what it does not have.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::layout::HEAD;
use crate::lake::schema::{TABLES, is_source};
use crate::model::{Error, Result};
use crate::objects::{Created, Objects};

/// The layout that this program reads and writes.
const FORMAT: u32 = 1;

/// Whose mirror it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub format: u32,
    /// The lake's random id.
    pub lake: String,
    /// Tables that stay at home.
    pub withheld: Vec<String>,
}

impl Head {
    /// Reads the head of a mirror. `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(objects: &Objects) -> Result<Option<Self>> {
        let Some(bytes) = objects.read(HEAD)? else { return Ok(None) };
        let damaged = || Error::failed(format!("{} is damaged", objects.address(HEAD)));
        let head: Self = serde_json::from_slice(&bytes).map_err(|_| damaged())?;
        if head.format == FORMAT {
            return Ok(Some(head));
        }
        let message = format!("{} is of another version of roundup", objects.address(""));
        Err(Error::usage(message).hint("update this one"))
    }

    fn new(lake: &str, withheld: impl IntoIterator<Item = String>) -> Self {
        let withheld: BTreeSet<String> = withheld.into_iter().collect();
        Self { format: FORMAT, lake: lake.to_owned(), withheld: withheld.into_iter().collect() }
    }

    fn bytes(&self) -> Bytes {
        serde_json::to_vec(self).expect("plain data").into()
    }

    /// Claims a place for the mirror of a lake. A table that was withheld stays so until [`Self::settle`]: its files are not
    /// there yet.
    ///
    /// # Errors
    /// A usage error when it is the mirror of another lake, or holds something else.
    pub fn claim(objects: &Objects, lake: &str, withheld: &[String]) -> Result<()> {
        let own = Self::new(lake, withheld.to_vec());
        let mut there = Self::read(objects)?;
        if there.is_none() {
            if !objects.list("")?.is_empty() && Self::read(objects)?.is_none() {
                let message = format!("{} holds something that is no mirror of a lake", objects.address(""));
                return Err(Error::usage(message).hint("give the mirror a prefix of its own"));
            }
            if objects.create(HEAD, own.bytes())? == Created::New {
                return Ok(());
            }
            there = Self::read(objects)?;
        }
        match there {
            Some(there) if there.lake != own.lake => {
                let message = format!("{} is the mirror of another lake", objects.address(""));
                Err(Error::usage(message).hint("give each lake a prefix of its own"))
            }
            Some(there) => {
                let both = Self::new(lake, there.withheld.iter().chain(&own.withheld).cloned());
                if both == there { Ok(()) } else { objects.replace(HEAD, both.bytes()) }
            }
            None => objects.replace(HEAD, own.bytes()),
        }
    }

    /// Records which tables are withheld, once all others are there.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn settle(objects: &Objects, lake: &str, withheld: &[String]) -> Result<()> {
        let own = Self::new(lake, withheld.to_vec());
        if Self::read(objects)?.as_ref() == Some(&own) { Ok(()) } else { objects.replace(HEAD, own.bytes()) }
    }
}

/// Checks the names of tables that are to be withheld.
///
/// # Errors
/// A usage error that names one that is no table, or without which what is left would be of no use.
pub fn check_withheld(tables: &[String]) -> Result<()> {
    for name in tables {
        let Some(table) = TABLES.iter().find(|table| table.name == *name) else {
            let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
            return Err(
                Error::usage(format!("there is no table `{name}`")).hint(format!("one of {}", names.join(", ")))
            );
        };
        if is_source(table.name) && ["interviews", "responses"].contains(&table.name) {
            return Err(Error::usage(format!("a mirror without `{name}` would be none of the lake")));
        }
    }
    Ok(())
}
