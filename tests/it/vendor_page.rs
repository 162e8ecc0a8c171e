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
    for command in commands {
        let (name, rest) = command.strip_prefix("roundup ").unwrap().split_once(' ').unwrap();
        let api = match name {
            "get" | "wait" | "ingest" => api.clone(),
            "audio" => format!("{api} --allow-loopback"),
            _ => String::new(),
        };
        let output = Command::new("sh")
            .args(["-euc", &format!("{program} {name} {api} {rest}")])
            .current_dir(served.folder.path())
            .env("ROUNDZERO_API_KEY", DEFAULT_KEY)
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
    let recording = "archive/interviews/660f9511-f30c-52e5-b827-557766551111/q880h1733-h52e-74g7-d049-779988773333.mp3";
    assert!(fs::read(served.path(recording)).unwrap().starts_with(b"ID3"));
    assert!(fs::read_to_string(served.path("analysis.jsonl")).unwrap().contains("\"candidate\":\"Jane Smith\""));
}
