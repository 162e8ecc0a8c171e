//! Every setting of a pipeline and every flag of a command, as one page of Markdown.

use clap::{Arg, Command, CommandFactory};
use schemars::schema_for;
use serde_json::Value;

use crate::commands::terminal::Arguments;
use crate::pipeline::file::PipelineFile;

/// Sections in the order of a run, with the command that has the same settings as flags.
const SECTIONS: [(&str, &str); 11] = [
    ("source", "ingest"),
    ("lake", "ingest"),
    ("ingest", "ingest"),
    ("analyze", "analyze"),
    ("report", "report"),
    ("export", "export"),
    ("audio", "audio"),
    ("ats", "ats"),
    ("expect", ""),
    ("notify", ""),
    ("metrics", ""),
];

const HEAD: &str = "# Settings and flags

Written by `roundup schema settings`. A setting of a pipeline and the flag of the stage's own command share their
spelling unless the table says otherwise.

## A pipeline
";

/// The page.
pub fn settings() -> String {
    let schema = serde_json::to_value(schema_for!(PipelineFile)).expect("a schema is plain data");
    let mut program = Arguments::command();
    program.build();
    let mut text = HEAD.to_owned();
    for (section, command) in SECTIONS {
        text += &format!("\n### [{section}]\n\n{}\n\n", sentence(&schema["properties"][section]));
        text += "| setting | flag | default | what it is |\n| --- | --- | --- | --- |\n";
        let command = program.find_subcommand(command);
        let section = resolved(&schema, &schema["properties"][section]);
        for (name, setting) in section["properties"].as_object().into_iter().flatten() {
            let is_required = section["required"].as_array().is_some_and(|names| names.iter().any(|it| it == name));
            let default = if is_required { "required".to_owned() } else { default_of(setting) };
            let has = |long: &str| {
                command.is_some_and(|command| long_flags(command).any(|flag| flag.get_long() == Some(long)))
            };
            // What is on unless it is turned off has a flag that turns it off; a flag alone says of what it is the name.
            let others = [("name", "source"), ("path", "lake")].into_iter().filter(|(setting, _)| setting == name);
            let spellings = [name.clone(), format!("no-{name}")].into_iter();
            let mut spellings = spellings.chain(others.map(|(_, flag)| flag.to_owned()));
            let flag = spellings.find(|long| has(long)).map_or_else(String::new, |long| format!("`--{long}`"));
            text += &format!("| `{name}` | {flag} | {default} | {} |\n", cell(&description(&schema, setting)));
        }
    }
    text += "\n## Commands\n";
    text += "\n### Every command\n\n";
    text += &flags(&program);
    for command in program.get_subcommands().filter(|command| command.get_name() != "help" && !command.is_hide_set()) {
        text += &of_command(command, "");
    }
    text
}

fn of_command(command: &Command, before: &str) -> String {
    let name = format!("{before}{}", command.get_name());
    let inner: Vec<&Command> = command.get_subcommands().filter(|inner| inner.get_name() != "help").collect();
    if !inner.is_empty() {
        return inner.into_iter().map(|inner| of_command(inner, &format!("{name} "))).collect();
    }
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    format!("\n### {name}\n\n{about}.\n\n{}", flags(command))
}

fn flags(command: &Command) -> String {
    let mut text = "| flag | default | what it is |\n| --- | --- | --- |\n".to_owned();
    for positional in command.get_positionals() {
        text += &row(positional, &format!("`{}`", value_name(positional)));
    }
    for flag in long_flags(command) {
        let value = if flag.get_action().takes_values() { format!(" {}", value_name(flag)) } else { String::new() };
        text += &row(flag, &format!("`--{}{value}`", flag.get_long().unwrap_or_default()));
    }
    text
}

/// Flags of the command itself: those of every command are listed once.
fn long_flags(command: &Command) -> impl Iterator<Item = &Arg> {
    let is_own = |flag: &&Arg| {
        let is_of_all = flag.is_global_set() && command.get_name() != "roundup";
        flag.get_long().is_some_and(|long| long != "help" && long != "version") && !is_of_all && !flag.is_hide_set()
    };
    command.get_arguments().filter(is_own)
}

fn value_name(argument: &Arg) -> String {
    argument.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn row(argument: &Arg, name: &str) -> String {
    let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let default = match defaults.as_slice() {
        _ if argument.is_required_set() => "required".to_owned(),
        [] => String::new(),
        _ if !argument.get_action().takes_values() => String::new(),
        values => format!("`{}`", values.join(" ")),
    };
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|_| argument.get_action().takes_values())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    let help = if values.is_empty() { help } else { format!("{help}: {}", values.join(", ")) };
    format!("| {name} | {default} | {} |\n", cell(&help))
}

/// The object that a section is, through references and `one or several`.
fn resolved<'s>(schema: &'s Value, of: &'s Value) -> &'s Value {
    if let Some(reference) = of["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return resolved(schema, &schema["$defs"][name]);
    }
    of["anyOf"].as_array().and_then(|options| options.first()).map_or(of, |first| resolved(schema, first))
}

fn sentence(of: &Value) -> String {
    of["description"].as_str().unwrap_or_default().to_owned()
}

/// What a setting is, and which words it may be.
fn description(schema: &Value, setting: &Value) -> String {
    let text = sentence(setting);
    let words = |of: &Value| -> Vec<String> {
        let resolved = resolved(schema, of);
        let listed = resolved["enum"].as_array().into_iter().flatten();
        let described = resolved["oneOf"].as_array().into_iter().flatten().map(|option| &option["const"]);
        listed.chain(described).filter_map(Value::as_str).map(|word| format!("`{word}`")).collect()
    };
    let words = [words(setting), words(&setting["items"])].concat();
    if words.is_empty() { text } else { format!("{} {}.", text, words.join(", ")) }
}

fn default_of(setting: &Value) -> String {
    match &setting["default"] {
        Value::Null => String::new(),
        Value::Array(values) if values.is_empty() => String::new(),
        Value::Object(values) if values.is_empty() => String::new(),
        value => format!("`{value}`"),
    }
}

/// Text that a cell of a table can hold.
fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}
