//! Every command of `docs/vendor-page.md` does what the page says, in the order of the page.

use std::fs;
use std::process::Command;

use roundup::sandbox::DEFAULT_KEY;

use crate::common::{Served, serve, until};
use crate::listen::{Listener, SECRET, event};

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
        if name == "listen" {
            receives_an_event(&served, rest);
            continue;
        }
        let api = match name {
            "get" | "wait" | "ingest" => api.clone(),
            "audio" => format!("{api} --allow-loopback"),
            "ats" => ats.clone(),
            _ => String::new(),
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
    let recording = "archive/interviews/660f9511-f30c-52e5-b827-557766551111/q880h1733-h52e-74g7-d049-779988773333.mp3";
    assert!(fs::read(served.path(recording)).unwrap().starts_with(b"ID3"));
    assert!(fs::read_to_string(served.path("analysis.jsonl")).unwrap().contains("\"candidate\":\"Jane Smith\""));
}

/// Runs the page's receiver, at a free port and with less patience, until an event's interview is in the lake.
fn receives_an_event(served: &Served, arguments: &str) {
    let api = served.sandbox.base_url();
    let pipeline = format!("[source]\napi = \"{api}\"\ninterviews = [\"inbox\"]\n[lake]\npath = \"lake\"\n");
    served.write("nightly.toml", &pipeline);
    let here = arguments.replace(":8080", ":0").replace("5m", "50ms");
    assert!(here != arguments);
    let listener = Listener::start_as(served.folder.path(), here.split(' '), |command| {
        command.env("ROUND0_WEBHOOK_SECRET", SECRET).env("ROUNDZERO_API_KEY", DEFAULT_KEY);
        command.env("XDG_STATE_HOME", served.path("state"))
    });
    let id = served.ids().remove(0);
    assert_eq!(listener.send(&event(1, "interview_ended", &id)).0, 200);
    until("the interview is in the lake", || served.ids_in("interviews") == [id.as_str()]);
    assert_eq!(listener.stop(), Some(0));
}
