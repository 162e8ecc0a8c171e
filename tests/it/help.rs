//! What helps somebody who does not know the program: help, man pages, "did you mean", and the screen at a run's end.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::common::{INTERVIEWS, roundup, sample, serve};

/// The words of every command, such as `quarantine list`, those in groups included.
fn commands() -> Vec<String> {
    let of = |above: &str| -> Vec<String> {
        let help = help(above);
        let list = help.split("Commands:\n").nth(1).unwrap_or_default().split("\n\n").next().unwrap().to_owned();
        let lines = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = lines.map(|line| line.split_whitespace().next().unwrap());
        names.filter(|name| *name != "help").map(|name| format!("{above} {name}").trim().to_owned()).collect()
    };
    let groups = of("").into_iter().map(|command| (of(&command), command));
    groups.flat_map(|(inner, command)| if inner.is_empty() { vec![command] } else { inner }).collect()
}

fn help(command: &str) -> String {
    let mut program = roundup(Path::new("."));
    let output = program.args(command.split_whitespace()).arg("--help").env("COLUMNS", "100").output().unwrap();
    assert!(output.status.success(), "{command}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_ends_with_examples_that_can_be_typed_and_groups_what_every_command_has() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join(".local/share/bash-completion/completions")).unwrap();
    let program = Path::new(assert_cmd::cargo::cargo_bin!("roundup")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut typed = 0;
    for command in commands() {
        let help = help(&command);
        let global = help.split("Options of every command:").nth(1).unwrap_or_else(|| panic!("{command}: {help}"));
        let global = global.split("\nExamples:\n").next().unwrap();
        assert!(global.contains("--quiet") && !global.contains("--lake"), "{command}: {help}");
        let examples = help.split("\nExamples:\n").nth(1).unwrap_or_else(|| panic!("{command} has no examples"));
        for line in examples.lines().filter_map(|line| line.strip_prefix("    ")) {
            assert!(line.contains(&format!("roundup {command}")) || line.contains("--quiet"), "{command}: {line}");
            // Flags before --help are read, and unknown ones refused.
            let mut shell = Command::new("sh");
            let shell = shell.args(["-c", &format!("{line} --help")]).env("PATH", &path).env("HOME", home.path());
            let output = shell.current_dir(home.path()).output().unwrap();
            assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
            typed += 1;
        }
    }
    assert!(typed > 30, "{typed}");
}

#[test]
fn every_command_has_a_man_page_with_exit_codes_and_examples() {
    let folder = tempfile::tempdir().unwrap();
    roundup(folder.path()).args(["man", "pages"]).assert().success();
    for command in commands() {
        let name = format!("roundup-{}.1", command.replace(' ', "-"));
        let page = fs::read_to_string(folder.path().join("pages").join(&name)).unwrap_or_else(|_| panic!("no {name}"));
        for section in ["NAME", "SYNOPSIS", "OPTIONS", "\"EXIT STATUS\"", "EXAMPLES"] {
            assert!(page.contains(&format!(".SH {section}\n")), "{name} has no {section}: {page}");
        }
        assert!(page.contains(".TP\n130\ninterrupted"), "{page}");
    }
    assert!(folder.path().join("pages/roundup.1").exists());
    assert!(!help("").contains("  man "), "it is for those who make packages");
}

/// What the program says on stderr.
fn says(folder: &TempDir, arguments: &[&str]) -> String {
    let output = roundup(folder.path()).args(arguments).output().unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn names_that_nobody_knows_are_answered_with_the_one_that_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let says = |arguments: &[&str]| says(&folder, arguments);
    for set in ["builtin:enginering", "engineering", "Engineering.toml"] {
        let said = says(&["keywords", "lint", set]);
        assert!(said.contains("hint: did you mean builtin:engineering? "), "{said}");
    }
    let said = says(&["keywords", "lint", "builtin:zzz"]);
    assert!(said.contains("hint: those that ship: behavioural, "), "{said}");

    says(&["import", "--lake", "lake", INTERVIEWS]);
    says(&["analyze", "--lake", "lake"]);
    let title = sample()[0]["job"]["title"].as_str().unwrap().to_owned();
    let wrong = title.replacen('e', "", 1).to_uppercase();
    for command in [
        &["export", "--lake", "lake", "--format", "csv", "--job", &wrong][..],
        &["search", "team", "--lake", "lake", "--job", &wrong],
        &["audio", "--lake", "lake", "--out", "audio", "--dry-run", "--job", &wrong],
    ] {
        let said = says(command);
        let warning = format!("no interview of the lake is of the job `{wrong}`; did you mean `{title}`?");
        assert!(said.contains(&warning), "{command:?}: {said}");
        assert!(!says(&[&command[..command.len() - 1], &[title.as_str()]].concat()).contains("did you mean"));
    }
    let said = says(&["report", "--lake", "lake", "--until", "2026-06-01", "--period", "13w", "--job", &wrong]);
    assert!(said.contains(&format!("hint: did you mean {title}? there are: ")), "{said}");
    for command in ["search team", "discover"] {
        let command: Vec<&str> = command.split(' ').chain(["--lake", "lake", "--department"]).collect();
        let said = says(&[&command[..], &["Enginering"]].concat());
        let warning = "no interview of the lake is of the department `Enginering`; did you mean `Engineering`?";
        assert!(said.contains(warning), "{command:?}: {said}");
        assert!(!says(&[&command[..], &["engineering"]].concat()).contains("did you mean"));
    }
    let said =
        says(&["report", "--lake", "lake", "--until", "2026-06-01", "--period", "13w", "--department", "Enginering"]);
    assert!(said.contains("hint: did you mean Engineering? there are: "), "{said}");
    let said = says(&["search", "team", "--lake", "lake", "--job", "Zookeeper"]);
    assert!(said.contains("`roundup jobs` lists those that there are"), "{said}");
}

#[test]
fn a_pipeline_says_which_job_may_be_meant() {
    let served = serve(None);
    let title = sample()[0]["job"]["title"].as_str().unwrap().to_owned();
    let wrong = title.replacen('e', "", 1);
    let pipeline =
        served.pipeline(&format!("[[export]]\noutput = \"out.csv\"\nformat = \"csv\"\njobs = [\"{wrong}\"]\n"));
    let said = served.run(&pipeline, 0);
    assert!(said.contains(&format!("it may not have opened yet, or `{title}` is meant")), "{said}");
}

#[test]
fn the_demo_ships_and_its_end_is_one_screen() {
    let folder = tempfile::tempdir().unwrap();
    let output = roundup(folder.path()).args(["run", "builtin:demo"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.lines().count() <= 24 && !said.contains('\u{1b}'), "{said}");
    let [came, next] = ["fetched    240 of 240 interviews", "\nWhere to look next:\n"].map(|text| said.find(text));
    assert!(came.unwrap() < next.unwrap(), "{said}");
    assert!(said.contains("\nreport     demo/reports/2026-06-01/index.html\n"), "{said}");
    assert!(folder.path().join("demo/reports/latest/index.html").exists());
    assert!(!folder.path().join("pipelines").exists());
    // With nothing amiss, nothing needs a look but what the report finds, and what would make it tell more.
    let look = said.split("Needs a look:\n").nth(1).map(|rest| rest.split("\n\n").next().unwrap());
    assert!(
        look.is_none_or(|look| look.lines().all(|line| line.starts_with("look ") || line.starts_with("advice "))),
        "{said}"
    );
}

#[test]
fn a_screen_shows_few_warnings_of_many_and_says_where_all_are() {
    let served = serve(None);
    let names: Vec<String> = (0..8).map(|number| format!("\"Zookeeper {number}\"")).collect();
    let export = format!("[[export]]\noutput = \"out.csv\"\nformat = \"csv\"\njobs = [{}]\n", names.join(", "));
    let said = served.run(&served.pipeline(&export), 0);
    let [came, look, next] =
        ["fetched  ", "\nNeeds a look:\n", "\nWhere to look next:\n"].map(|text| said.find(text).unwrap());
    assert!(came < look && look < next, "{said}");
    assert_eq!(said.matches("\nwarning    ").count(), 5, "{said}");
    assert!(said.contains("           and 3 more: see the record\n"), "{said}");
    assert!(said.contains("record     lake/_roundup/last-run.json\n"), "{said}");
    assert_eq!(served.last_run()["warnings"].as_array().unwrap().len(), 8);
}
