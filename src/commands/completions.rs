//! `completions`: prints a completion script for a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::terminal::{self, Arguments};
use crate::model::Result;

pub fn run(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "roundup", &mut script);
    terminal::bytes(&script)
}
