//! Every command of `docs/vendor-page.md` does what the page says, in the order of the page.

use std::fs;
use std::process::Command;

use roundup::round0::sandbox::DEFAULT_KEY;

use crate::common::serve;

#[test]
fn every_command_of_the_vendor_page_works() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/vendor-page.md")).unwrap();
    let commands: Vec<&str> =
        page.split("```sh\n").skip(1).flat_map(|rest| rest.split("```").next().unwrap().lines()).collect();
    assert!(commands.len() >= 9, "{commands:?}");
    let served = serve(None);
    let program = assert_cmd::cargo::cargo_bin!("roundup").display().to_string();
    let api = format!("--api {} --requests-per-minute 600000", served.sandbox.base_url());
    let ats = format!("--set api=http://{}/ats/sample", served.sandbox.addr());
    let connector = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ats/vendor-sample.toml");
    fs::copy(connector, served.path("vendor-sample.toml")).unwrap();
    for command in commands {
        let (name, rest) = command.strip_prefix("roundup ").unwrap().split_once(' ').unwrap();
        let api = match name {
            "get" | "wait" | "ingest" => api.as_str(),
            "ats" => &ats,
            _ => "",
        };
        let output = Command::new("sh")
            .args(["-euc", &format!("{program} {name} {api} {rest}")])
            .current_dir(served.folder.path())
            .env("ROUNDZERO_API_KEY", DEFAULT_KEY)
            .env("ATS_API_KEY", "k")
            .env("XDG_STATE_HOME", served.path("state"))
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{command}: {stderr}");
        match name {
            "get" if rest.contains("||") => {
                assert!(output.stdout.is_empty() && stderr.contains("is not ready"), "{stderr}")
            }
            "get" | "wait" => assert!(
                String::from_utf8(output.stdout).unwrap().contains("How do you choose between useState"),
                "{command}"
            ),
            _ => {}
        }
    }
    for file in ["analysis.jsonl", "interview_export.csv", "answers.xlsx", "analysis.parquet"] {
        assert!(served.path(file).metadata().unwrap().len() > 1000, "{file}");
    }
    assert_eq!(served.sandbox.written()[0].body["screening_status"], "completed");
    assert!(fs::read_to_string(served.path("analysis.jsonl")).unwrap().contains("\"candidate\":\"Jane Smith\""));
}
