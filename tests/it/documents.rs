//! Checks that documents and shipped files say what the program does.

use std::fs;
use std::path::Path;

use roundup::keywords::{KeywordSet, SHIPPED};
use roundup::model::Error;
use roundup::pipeline::{JobsFile, Pipeline};

use crate::common::roundup;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn stdout(arguments: &[&str]) -> String {
    let output = roundup(root()).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Asserts that a file is the output of `command`. The message says how to write it again.
#[track_caller]
fn is_written_by(file: &str, command: &[&str]) {
    let expected = stdout(command);
    let text = fs::read_to_string(root().join(file)).unwrap_or_default();
    assert!(text == expected, "{file} is not up to date: roundup {} > {file}", command.join(" "));
}

#[test]
fn the_schemas_are_the_programs_own() {
    is_written_by("pipelines/pipeline.schema.json", &["schema", "pipeline"]);
    is_written_by("docs/keywords.schema.json", &["schema", "keywords"]);
    is_written_by("docs/tables.md", &["schema"]);
    is_written_by("docs/settings.md", &["schema", "settings"]);
}

/// Reads a pipeline with which nothing is wrong.
fn right_pipeline(path: &Path) -> Result<Pipeline, Vec<Error>> {
    let pipeline = Pipeline::read(path)?;
    pipeline.problems.clone().or_value(pipeline)
}

#[test]
fn every_pipeline_that_ships_is_right() {
    for entry in fs::read_dir(root().join("pipelines")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            right_pipeline(&path).unwrap_or_else(|errors| panic!("{errors:?}"));
        }
    }
}

/// Pages that contain parts of pipeline files and of files of jobs.
const PAGES: [&str; 7] = [
    "README.md",
    "docs/pipelines.md",
    "docs/webhooks.md",
    "docs/recordings.md",
    "docs/mirror.md",
    "docs/report.md",
    "docs/ats/README.md",
];

#[test]
fn every_part_of_a_pipeline_on_a_page_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let mut parts = 0;
    for page in PAGES {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for part in text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
            let is_section = |name: &str| part.lines().any(|line| line.trim_matches(['[', ']']) == name);
            let path = folder.path().join("part.toml");
            let read = if is_section("job") {
                fs::write(&path, part).unwrap();
                JobsFile::read(Some(&path)).map(drop).map_err(|error| vec![error])
            } else {
                let sections = [("source", "[source]\napi = \"sandbox\"\n"), ("lake", "[lake]\npath = \"lake\"\n")];
                let missing = sections.iter().filter(|(name, _)| !is_section(name)).map(|(_, section)| *section);
                fs::write(&path, format!("{part}\n{}", missing.collect::<String>())).unwrap();
                right_pipeline(&path).map(drop)
            };
            read.unwrap_or_else(|errors| panic!("{page}: {errors:?}\n{part}"));
            parts += 1;
        }
    }
    assert!(parts > 6, "{parts} parts were found");
}

#[test]
fn old_spellings_of_settings_mean_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let read = |text: &str| {
        let path = folder.path().join("pipeline.toml");
        fs::write(&path, format!("[source]\napi = \"sandbox\"\n[lake]\npath = \"lake\"\n{text}")).unwrap();
        let pipeline = right_pipeline(&path).unwrap();
        let (report, export, ats) =
            (pipeline.report.unwrap(), pipeline.exports[0].plan.clone(), pipeline.ats[0].clone());
        (report.narrow, report.jobs_file.unwrap(), export.jobs, export.statuses, ats.jobs)
    };
    let new = read(
        "[report]\njob = [\"a\"]\ndepartment = [\"b\"]\njobs-file = \"c.toml\"\n\
         [export]\noutput = \"d.csv\"\nformat = \"csv\"\njob = [\"e\"]\nstatus = [\"f\"]\n\
         [ats]\nconnector = \"g.toml\"\njob = [\"h\"]\n",
    );
    let old = read(
        "[report]\nonly-jobs = [\"a\"]\nonly-departments = [\"b\"]\njobs = \"c.toml\"\n\
         [export]\noutput = \"d.csv\"\nformat = \"csv\"\njobs = [\"e\"]\nstatuses = [\"f\"]\n\
         [ats]\nconnector = \"g.toml\"\njobs = [\"h\"]\n",
    );
    assert_eq!(old, new);
    assert_eq!(
        (new.0.jobs, new.2, new.3, new.4),
        (vec!["a".into()], vec!["e".into()], vec!["f".into()], vec!["h".into()])
    );
}

#[test]
fn every_keyword_set_that_ships_is_right_and_inside_the_binary() {
    let mut files = 0;
    for entry in fs::read_dir(root().join("keywords")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            let set = KeywordSet::parse_toml(&text, name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(set.name(), name);
            assert!(SHIPPED.contains(&(name, text.as_str())), "{name} is not in the binary");
            files += 1;
        }
    }
    assert_eq!(files, SHIPPED.len());
}

#[test]
fn the_readme_lists_every_command_and_exit_code() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let help = stdout(&["--help"]);
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let mut count = 0;
    for line in commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let name = line.split_whitespace().next().unwrap();
        assert!(name == "help" || readme.contains(&format!("| `{name}")), "the README does not list {name}");
        count += 1;
    }
    assert!(count > 8);
    for code in [0, 1, 2, 3, 4, 5, 6, 130] {
        assert!(readme.contains(&format!("| {code} |")), "the README does not list exit code {code}");
    }
}

#[test]
fn completions_are_written_for_every_shell() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(stdout(&["completions", shell]).contains("roundup"), "{shell}");
    }
}
