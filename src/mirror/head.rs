//! The object that says whose mirror it is, and what it does not have.

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

    /// Claims a place for the mirror of a lake, and records which tables are withheld.
    ///
    /// # Errors
    /// A usage error when it is the mirror of another lake, or holds something else.
    pub fn claim(objects: &Objects, lake: &str, withheld: &[String]) -> Result<()> {
        let mut withheld = withheld.to_vec();
        withheld.sort();
        withheld.dedup();
        let own = Self { format: FORMAT, lake: lake.to_owned(), withheld };
        let bytes = || Bytes::from(serde_json::to_vec(&own).expect("plain data"));
        let mut there = Self::read(objects)?;
        if there.is_none() {
            if !objects.list("")?.is_empty() && Self::read(objects)?.is_none() {
                let message = format!("{} holds something that is no mirror of a lake", objects.address(""));
                return Err(Error::usage(message).hint("give the mirror a prefix of its own"));
            }
            if objects.create(HEAD, bytes())? == Created::New {
                return Ok(());
            }
            there = Self::read(objects)?;
        }
        match there {
            Some(there) if there.lake != own.lake => {
                let message = format!("{} is the mirror of another lake", objects.address(""));
                Err(Error::usage(message).hint("give each lake a prefix of its own"))
            }
            Some(there) if there == own => Ok(()),
            _ => objects.replace(HEAD, bytes()),
        }
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
