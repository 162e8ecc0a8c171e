//! The README's recipe for cron works as it is written, with next to no environment and in another folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use roundup::sandbox::DEFAULT_KEY;

use crate::common::serve;

#[test]
fn the_recipe_of_the_readme_works_with_an_empty_environment() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let recipe = readme.split("## Point it at the real API").nth(1).unwrap();
    let served = serve(Some(12));
    let folder = served.folder.path().canonicalize().unwrap();
    let program = assert_cmd::cargo::cargo_bin!("roundup").display().to_string();
    // What depends on the machine: the folder, the program, and the API, which is the sandbox here.
    let here = |text: &str| {
        let text = text.replace("/srv/roundup", folder.to_str().unwrap());
        text.replace("/usr/local/bin/roundup", &program).replace("$HOME", folder.to_str().unwrap())
    };
    let pipeline = here(recipe.split("```toml\n").nth(1).unwrap().split("```").next().unwrap());
    let api = format!("[source]\napi = \"{}\"\n", served.sandbox.base_url());
    served.write("nightly.toml", &pipeline.replace("[source]\n", &api));
    let key = served.write("roundzero.key", &format!("{DEFAULT_KEY}\n"));
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).unwrap();
    let line = |start: &str| recipe.lines().find_map(|line| line.trim_start().strip_prefix(start)).unwrap().to_owned();
    // As cron does: by `sh`, in the home folder, which is not that of the pipeline.
    let run = |command: &str| {
        let output =
            Command::new("env").args(["-i", "/bin/sh", "-c", &here(command)]).current_dir("/").output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}: {stderr}");
        assert_eq!(stderr, "", "{command}");
        String::from_utf8(output.stdout).unwrap()
    };
    let checked = run(&format!("env -i {}", line("env -i ")));
    assert!(checked.contains("12 interviews are due"), "{checked}");
    let cron = line("30 0 * * * ");
    assert!(cron.starts_with('/') && !cron.contains('%'), "{cron}");
    assert_eq!(run(&format!("HOME='{}' {cron}", folder.display())), "");
    assert!(served.path("reports/latest/index.html").exists());
    assert_eq!(served.last_run()["ingest"]["asked"], 12);
    assert_eq!(run(&format!("HOME='{}' {cron}", folder.display())), "", "and again the next night");
}
