//! `completions` prints a completion script for a shell, and `man` writes the man pages.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::terminal::{self, Arguments, Page};
use crate::model::{Error, Result};

pub fn run(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "roundup", &mut script);
    terminal::bytes(&script)
}

pub fn man(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).map_err(|error| Error::path("make", folder, error))?;
    for Page { name, text } in terminal::man_pages() {
        let path = folder.join(format!("{name}.1"));
        fs::write(&path, text).map_err(|error| Error::path("write", &path, error))?;
    }
    Ok(())
}
