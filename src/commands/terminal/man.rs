//! Man pages, one a command, from what `--help` says.

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::cli::Arguments;

/// A page of section 1.
pub struct Page {
    /// The name of the command with those above it, such as `roundup-quarantine-list`.
    pub name: String,
    /// Roff.
    pub text: Vec<u8>,
}

/// The page of the program, and one for each command.
pub fn man_pages() -> Vec<Page> {
    let mut program = Arguments::command();
    program.build();
    let codes = after(&program, "Exit codes: ").replace('\n', " ");
    let mut pages = Vec::new();
    collect(&program, "", &codes, &mut pages);
    pages
}

fn collect(command: &Command, above: &str, codes: &str, pages: &mut Vec<Page>) {
    let name = format!("{above}{}", command.get_name());
    pages.push(Page { text: page(command, &name, codes), name: name.clone() });
    let inner = command.get_subcommands().filter(|inner| inner.get_name() != "help" && !inner.is_hide_set());
    inner.for_each(|inner| collect(inner, &format!("{name}-"), codes, pages));
}

fn page(command: &Command, name: &str, codes: &str) -> Vec<u8> {
    // What help says at its end has sections of its own.
    let shown = command.clone().after_help("");
    let man = Man::new(shown).title(name.to_uppercase()).manual("roundup");
    let mut text = Vec::new();
    let render = |text: &mut Vec<u8>| {
        man.render_title(text)?;
        man.render_name_section(text)?;
        man.render_synopsis_section(text)?;
        man.render_description_section(text)?;
        man.render_options_section(text)?;
        if command.has_subcommands() {
            man.render_subcommands_section(text)?;
        }
        sections(command, codes).to_writer(text)
    };
    render(&mut text).expect("memory can be written to");
    text
}

/// Exit codes, examples, and where to read on.
fn sections(command: &Command, codes: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["EXIT STATUS"]);
    for code in codes.split(" · ") {
        let (code, meaning) = code.split_once(' ').unwrap_or((code, ""));
        roff.control("TP", []).text([roman(code)]).text([roman(meaning)]);
    }
    let examples = after(command, "Examples:\n");
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
    }
    for line in examples.lines() {
        match line.strip_prefix("    ") {
            Some(typed) => {
                roff.control("RS", []).control("nf", []).text([roman(typed)]).control("fi", []).control("RE", [])
            }
            None => roff.control("PP", []).text([roman(line.trim())]),
        };
    }
    roff
}

/// The paragraph at the end of a command's help that begins with this, without it.
fn after(command: &Command, beginning: &str) -> String {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let paragraph = help.split("\n\n").find_map(|paragraph| paragraph.strip_prefix(beginning));
    paragraph.unwrap_or_default().to_owned()
}
