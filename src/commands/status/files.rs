//! `files`: the files of a table at a version of the lake, or what has changed since one. Takes no lock.

use crate::commands::terminal::{self, FilesFlags, said};
use crate::lake::Lake;
use crate::lake::file_list::{FileList, Files, ListedFile, list};
use crate::model::Result;

pub fn files(flags: &FilesFlags) -> Result<()> {
    let files = list(&Lake::open(&flags.lake.lake)?, &flags.table, flags.version, flags.since)?;
    said(flags.format, &files, &on_screen(&files))
}

fn on_screen(list: &FileList) -> String {
    let row = |sign: &str, file: &ListedFile| {
        [format!("{sign}{}", file.path), file.rows.to_string(), file.bytes.to_string(), file.sha256.clone()]
    };
    let head = ["path", "rows", "bytes", "sha256"].map(str::to_owned);
    let rows: Vec<_> = match &list.files {
        Files::All { files } => files.iter().map(|file| row("", file)).collect(),
        Files::Changed { added, removed, .. } => {
            removed.iter().map(|file| row("- ", file)).chain(added.iter().map(|file| row("+ ", file))).collect()
        }
    };
    terminal::columns(std::iter::once(head).chain(rows))
}
