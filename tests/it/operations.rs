//! The handbook for who runs roundup: its list of messages is that of the sources, and its lines for cron and systemd work
//! as they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use roundup::inbox::file::{InboxWriter, ReceivedEvent};
use roundup::lake::Lake;
use roundup::round0::webhook::Event;
use roundup::sandbox::DEFAULT_KEY;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{Expr, ExprCall, ExprMethodCall, Lit, Local, Macro, Pat, Token};

use crate::common::{rows, serve};

/// Sources of commands that no night runs, or that people start and look at; of mistakes in files and flags, which `check`
/// says with their place; and of what a report says of its figures.
const NOT_AT_NIGHT: &[&str] = &[
    "analyze/work/",
    "commands/analyze/",
    "commands/ats.rs",
    "commands/erasure/persons.rs",
    "commands/export.rs",
    "commands/get.rs",
    "commands/import.rs",
    "commands/keywords.rs",
    "commands/quarantine.rs",
    "commands/repair.rs",
    "commands/run/prepare.rs",
    "commands/sandbox.rs",
    "commands/schema/",
    "commands/search/",
    "commands/session/api.rs",
    "commands/status/",
    "commands/terminal/",
    "commands/wait.rs",
    "deliver/ats/dry_run.rs",
    "deliver/ats/load.rs",
    "deliver/ats/template.rs",
    "deliver/notes.rs",
    "ingest/import.rs",
    "keywords/",
    "lake/check/",
    "lake/disks.rs",
    "lake/file_list.rs",
    "lake/job_list.rs",
    "lake/outside.rs",
    "lake/repair.rs",
    "lake/scan/",
    "mirror/restore.rs",
    "mirror/version.rs",
    "objects/open.rs",
    "pipeline/export.rs",
    "pipeline/secret.rs",
    "report/aggregate/",
    "report/findings/",
    "report/frames/",
    "sandbox/",
    "search/",
];
/// Variables that hold what is said, and functions that return it or say it.
const SAID: &[&str] = &["message", "warning", "why"];
const SAYING: &[&str] = &["late_events", "log", "unmet", "warning"];

/// The messages of a file: texts of warnings and of errors that are no mistakes in files or flags.
#[derive(Default)]
struct Messages {
    texts: BTreeSet<String>,
    /// Whether what is visited is said.
    is_said: bool,
}

impl Messages {
    fn add(&mut self, text: &str) {
        let mut message = String::new();
        let mut depth = 0;
        for character in text.replace("{{", "").replace("}}", "").chars() {
            match character {
                '{' => {
                    depth += 1;
                    message.push('…');
                }
                '}' => depth -= 1,
                _ if depth > 0 => {}
                _ => message.push(character),
            }
        }
        // What only passes on another one, joins two, or goes on with one says nothing itself.
        let goes_on = message.trim_start_matches('…').starts_with([',', ';']);
        if !goes_on && message.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count() >= 2 {
            self.texts.insert(message);
        }
    }

    fn said(&mut self, visit: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.is_said, true);
        visit(self);
        self.is_said = before;
    }

    /// Adds the first text of a macro's arguments, before which there may be fields of a log.
    fn add_macro(&mut self, item: &Macro) {
        let arguments = item.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).unwrap();
        let text = arguments.iter().find_map(|argument| match argument {
            Expr::Lit(syn::ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        });
        text.iter().for_each(|text| self.add(text));
    }
}

impl<'ast> Visit<'ast> for Messages {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.ident != "tests" {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {
        // Documentation is said to nobody at night.
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        match SAYING.contains(&&*item.sig.ident.to_string()) {
            true => self.said(|it| visit::visit_item_fn(it, item)),
            false => visit::visit_item_fn(self, item),
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        match SAYING.contains(&&*item.sig.ident.to_string()) {
            true => self.said(|it| visit::visit_impl_item_fn(it, item)),
            false => visit::visit_impl_item_fn(self, item),
        }
    }

    fn visit_macro(&mut self, item: &'ast Macro) {
        let name = item.path.segments.last().unwrap().ident.to_string();
        let is_log = item.path.segments.len() > 1 && ["warn", "error"].contains(&&*name);
        if is_log || self.is_said && name == "format" {
            self.add_macro(item);
        }
    }

    fn visit_expr_lit(&mut self, item: &'ast syn::ExprLit) {
        if let Lit::Str(text) = &item.lit
            && self.is_said
        {
            self.add(&text.value());
        }
    }

    fn visit_local(&mut self, item: &'ast Local) {
        let is_name = |pat: &Pat| matches!(pat, Pat::Ident(name) if SAID.contains(&&*name.ident.to_string()));
        let is_said = match &item.pat {
            Pat::Tuple(names) => names.elems.iter().any(is_name),
            name => is_name(name),
        };
        if is_said && let Some(init) = &item.init {
            return self.said(|it| it.visit_expr(&init.expr));
        }
        visit::visit_local(self, item);
    }

    fn visit_expr_call(&mut self, item: &'ast ExprCall) {
        let Expr::Path(called) = &*item.func else { return visit::visit_expr_call(self, item) };
        let path: Vec<String> = called.path.segments.iter().map(|part| part.ident.to_string()).collect();
        match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [.., "Error", "failed" | "new"] | [.., "CallOutcome", _] => {
                self.said(|it| visit::visit_expr_call(it, item))
            }
            // A mistake in a file or flag, which `check` says, and the operations of the system.
            [.., "Error", "usage" | "path"] => {}
            _ => visit::visit_expr_call(self, item),
        }
    }

    fn visit_expr_method_call(&mut self, item: &'ast ExprMethodCall) {
        let receiver = match &*item.receiver {
            Expr::Field(field) => match &field.member {
                syn::Member::Named(name) => name.to_string(),
                syn::Member::Unnamed(_) => String::new(),
            },
            Expr::Path(path) => path.path.segments.last().unwrap().ident.to_string(),
            _ => String::new(),
        };
        match (&*receiver, &*item.method.to_string()) {
            ("warnings", "add" | "push" | "extend") => self.said(|it| visit::visit_expr_method_call(it, item)),
            // A hint is no message.
            (_, "hint" | "expect") => self.visit_expr(&item.receiver),
            (_, "strftime") => {}
            _ => visit::visit_expr_method_call(self, item),
        }
    }
}

/// The messages of all sources that a night runs, each with its file.
fn messages() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let place = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if place.ends_with(".rs") && !NOT_AT_NIGHT.iter().any(|other| place.starts_with(other)) {
                let mut messages = Messages::default();
                messages.visit_file(&syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap());
                found.extend(messages.texts.into_iter().map(|text| (text, place.clone())));
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

fn handbook() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md")).unwrap()
}

#[test]
fn the_handbook_lists_every_message_of_a_night_and_no_other() {
    let plain = |text: &str| text.replace('`', "");
    let page = handbook();
    let tables = page.split("\n| message |").skip(1);
    let rows = tables.flat_map(|table| table.lines().skip(2).take_while(|line| line.starts_with("| ")));
    let listed: BTreeSet<String> = rows.map(|row| plain(row[2..].split(" | ").next().unwrap())).collect();
    let said: BTreeMap<String, String> = messages().into_iter().map(|(text, file)| (plain(&text), file)).collect();
    let missing: Vec<String> =
        said.iter().filter(|(text, _)| !listed.contains(*text)).map(|(text, file)| format!("{file}: {text}")).collect();
    let dead: Vec<&String> = listed.iter().filter(|text| !said.contains_key(*text)).collect();
    assert!(missing.is_empty(), "docs/operations.md lacks:\n{}", missing.join("\n"));
    assert!(dead.is_empty(), "docs/operations.md lists what no source says:\n{dead:#?}");
}

#[test]
fn the_lines_for_cron_and_systemd_work_as_they_are_written() {
    let page = handbook();
    let served = serve(Some(12));
    let folder = served.folder.path().canonicalize().unwrap();
    let program = assert_cmd::cargo::cargo_bin!("roundup").display().to_string();
    let here = |text: &str| {
        let text = text.replace("/srv/roundup", folder.to_str().unwrap());
        text.replace("/usr/local/bin/roundup", &program).replace("/usr/bin/", "")
    };
    let key = served.write("roundzero.key", &format!("{DEFAULT_KEY}\n"));
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
    let api = served.sandbox.base_url();
    let path = folder.display();
    served.write(
        "nightly.toml",
        &format!(
            "[source]\napi = \"{api}\"\nkey-file = \"{path}/roundzero.key\"\ninterviews = [\"{path}/ids.txt\"]\n\
             [lake]\npath = \"{path}/lake\"\n"
        ),
    );
    // With next to no environment, in another folder.
    let run = |command: &str| {
        let output = Command::new("env")
            .args(["-i", "PATH=/usr/bin:/bin", "/bin/sh", "-c", &here(command)])
            .current_dir("/")
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let mut lines = 0;
    for cron in page.lines().filter_map(|line| line.trim_start().strip_prefix("30 0 * * * ")) {
        assert!(!cron.contains('%'), "cron ends a command there: {cron}");
        assert_eq!(run(cron), (Some(0), String::new()), "{cron}");
        lines += 1;
    }
    for start in page.lines().filter_map(|line| line.strip_prefix("ExecStart=")) {
        // systemd starts no shell, so nothing in the line may need one.
        assert!(!start.contains(['$', '|', '>', '"']), "{start}");
        assert_eq!(run(start), (Some(0), String::new()), "{start}");
        lines += 1;
    }
    assert!(lines >= 3, "{lines} lines were found");
    assert!(served.last_run()["ingest"]["skipped_settled"].as_u64().unwrap() > 0);
}

#[test]
fn the_restore_works_as_it_is_written_and_keeps_events_that_no_run_has_read() {
    let page = handbook();
    let served = serve(Some(30));
    let folder = served.folder.path().canonicalize().unwrap();
    let path = folder.display().to_string();
    fs::create_dir_all(folder.join("srv/roundup")).unwrap();
    let key = served.write("srv/roundup/roundzero.key", &format!("{DEFAULT_KEY}\n"));
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
    let ids = served.ids();
    let (event, listed) = ids.split_last().unwrap();
    served.write("srv/roundup/ids.txt", &listed.join("\n"));
    served.write(
        "srv/roundup/nightly.toml",
        &format!(
            "[source]\napi = \"{}\"\nkey-file = \"roundzero.key\"\ninterviews = [\"ids.txt\", \"inbox\"]\n\
             [lake]\npath = \"lake\"\n",
            served.sandbox.base_url()
        ),
    );
    let program = assert_cmd::cargo::cargo_bin!("roundup").parent().unwrap().display().to_string();
    let run = |command: &str| {
        let command = command.replace("/srv/", &format!("{path}/srv/"));
        let output = Command::new("/bin/sh")
            .args(["-c", &command])
            .env("PATH", format!("{program}:/usr/bin:/bin"))
            .current_dir(&folder)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let done = |command: &str| {
        let (code, said) = run(command);
        assert_eq!(code, Some(0), "{command}: {said}");
    };
    done("roundup run /srv/roundup/nightly.toml");
    // What the page's rsync makes, of which a machine may have none.
    let left_out = ["_roundup/ledger.db*", "_roundup/staging", "_roundup/spool", "_roundup/links", "delta"];
    let left_out: Vec<String> = left_out.iter().map(|name| format!("/srv/backup/lake/{name}")).collect();
    let backup =
        format!("mkdir /srv/backup && cp -a /srv/roundup/lake /srv/backup/lake && rm -r {}", left_out.join(" "));
    done(&backup);
    let lake = folder.join("srv/roundup/lake");
    let mut inbox = InboxWriter::new(Lake::open(&lake).unwrap().inbox_folder()).unwrap();
    let told = Event {
        id: "e-1".to_owned(),
        kind: "interview_ended".to_owned(),
        interview: Some(event.clone()),
        body: b"{}".to_vec(),
    };
    inbox.append(&[ReceivedEvent { event: told, source: "default".to_owned(), at: jiff::Timestamp::now() }]).unwrap();
    drop(inbox);
    fs::remove_dir_all(lake.join("responses")).unwrap();
    let (_, section) = page.split_once("### The whole lake from a backup").unwrap();
    let lines: Vec<&str> = section
        .lines()
        .skip_while(|line| !line.starts_with("    "))
        .map_while(|line| line.strip_prefix("    "))
        .collect();
    assert_eq!(lines.len(), 7, "{lines:?}");
    for line in lines {
        // Nobody was erased here.
        if line.contains("tombstones") { assert_eq!(run(line).0, Some(1), "{line}") } else { done(line) }
    }
    let is_there = |table: &str| rows(&lake, table).iter().any(|row| row["interview_id"] == *event);
    assert!(is_there("interviews") || is_there("open_interviews"), "the event was not read");
}

#[test]
fn every_alert_leads_to_a_part_of_the_handbook() {
    let rules = include_str!("../../packaging/prometheus/roundup.rules.yml");
    let page = handbook();
    let headings: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## ").or_else(|| line.strip_prefix("### ")))
        .map(|heading| heading.to_lowercase().replace(' ', "-").replace(['`', ',', '?'], ""))
        .collect();
    let parts: Vec<&str> = rules.lines().filter_map(|line| line.split("docs/operations.md#").nth(1)).collect();
    assert!(parts.len() >= 9);
    for part in parts {
        assert!(headings.contains(part), "there is no part {part} among {headings:?}");
    }
}
