//! Who is told that a run has ended.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::Value;

use crate::common::{Served, serve};

const REPORT: &str = "[analyze]\n[report]\nout = \"reports\"\nperiod = \"13w\"\nuntil = \"2026-06-01\"\n";

fn told(served: &Served) -> Value {
    serde_json::from_slice(&fs::read(served.path("told.json")).unwrap()).unwrap()
}

#[test]
fn a_command_gets_the_summary_on_its_standard_input_and_no_key() {
    let served = serve(Some(12));
    let script = "cat > told.json; env > environment.txt";
    let stages = format!("{REPORT}[notify]\ncommand = [\"sh\", \"-c\", \"{script}\"]\n");
    served.run(&served.pipeline(&stages), 0);
    let notice = told(&served);
    assert_eq!(notice["outcome"], "well");
    assert_eq!(notice["exit_code"], 0);
    assert_eq!(notice["report"], "reports/2026-06-01");
    assert_eq!(notice["run"]["run_id"], served.last_run()["run_id"]);
    let text = notice["text"].as_str().unwrap();
    assert!(text.starts_with("roundup ended well; the report is in reports/2026-06-01\n"), "{text}");
    let environment = fs::read_to_string(served.path("environment.txt")).unwrap();
    assert!(environment.contains("PATH=") && !environment.contains("ROUNDZERO_API_KEY"));
}

#[test]
fn a_run_that_ends_badly_is_told_of_as_such() {
    let served = serve(Some(12));
    let stages = format!("{REPORT}[notify]\ncommand = [\"sh\", \"-c\", \"cat > told.json\"]\non = [\"badly\"]\n");
    let pipeline = served.pipeline(&stages);
    served.run(&pipeline, 0);
    assert!(!served.path("told.json").exists(), "it went well");
    let mut refused = served.roundup();
    let output =
        refused.args(["run", "--refetch"]).arg(&pipeline).env("ROUNDZERO_API_KEY", "rz_live_wrong").output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    let notice = told(&served);
    assert_eq!((&notice["outcome"], &notice["exit_code"]), (&"badly".into(), &5.into()));
    assert!(!notice["errors"][0].as_str().unwrap().is_empty());
    assert!(!notice.to_string().contains("rz_live_wrong"));
    // One that cannot begin.
    let output = served.roundup().arg("run").arg(&pipeline).env_remove("ROUNDZERO_API_KEY").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!((&told(&served)["exit_code"], &told(&served)["run"]), (&2.into(), &Value::Null));
}

#[test]
fn a_notification_that_fails_is_said_and_changes_nothing() {
    let served = serve(Some(12));
    for (command, message) in [
        ("[\"false\"]", "the notification failed: false ended with exit status: 1"),
        (
            "[\"no-such-program\"]",
            "the notification failed: there is no program no-such-program on the PATH of this run",
        ),
        ("[\"/no/such-program\"]", "the notification failed: there is no program /no/such-program, which `command`"),
        ("[\"sleep\", \"60\"]\ntimeout = \"200ms\"", "the notification failed: not done within 0.2 s"),
    ] {
        let pipeline = served.pipeline(&format!("{REPORT}[notify]\ncommand = {command}\n"));
        let output = served.roundup().arg("run").arg(&pipeline).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
    }
}

#[test]
fn an_address_gets_the_summary_by_post_and_is_never_said() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/hook/s3cret", listener.local_addr().unwrap());
    let answer = |listener: TcpListener, status: &'static str| {
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut part = [0; 4096];
            // Until the body is there: as much as the header says.
            loop {
                let count = stream.read(&mut part).unwrap();
                request.extend_from_slice(&part[..count]);
                let text = String::from_utf8_lossy(&request).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length = head
                    .lines()
                    .find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
                if count == 0 || body.len() >= length.unwrap().parse::<usize>().unwrap() {
                    break;
                }
            }
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
            String::from_utf8(request).unwrap()
        })
    };
    let served = serve(Some(12));
    let again = listener.try_clone().unwrap();
    let pipeline = served.pipeline(&format!("{REPORT}[notify]\nurl-env = \"HOOK\"\n"));
    let first = answer(listener, "204 No Content");
    let output = served.roundup().arg("run").arg(&pipeline).env("HOOK", &address).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let request = first.join().unwrap();
    assert!(request.starts_with("POST /hook/s3cret HTTP/1.1"), "{request}");
    let notice: Value = serde_json::from_str(request.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(notice["outcome"], "well");

    let second = answer(again, "500 Internal Server Error");
    let output = served.roundup().arg("run").arg(&pipeline).env("HOOK", &address).output().unwrap();
    second.join().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("the notification failed: the address answered 500"), "{stderr}");
    assert!(!stderr.contains("s3cret"));
    let output = served.roundup().arg("run").arg(&pipeline).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stderr).unwrap().contains("`url-env` under [notify] is not set"));
}

#[test]
fn check_says_who_would_be_told() {
    let served = serve(Some(12));
    let check = |notify: &str, code: i32| {
        let pipeline = served.pipeline(&format!("{REPORT}[notify]\n{notify}\n"));
        let output = served.roundup().arg("check").arg(pipeline).output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    assert!(
        check("command = [\"sh\", \"-c\", \"x\"]", 0)
            .contains("notify     runs sh when a run ends well, partly, badly")
    );
    assert!(check("url-env = \"HOOK\"", 2).contains("is not set"));
    assert!(check("", 2).contains("[notify] names one of command, url-env and url-file"));
    assert!(check("command = [\"mail\"]\ntimeout = \"1d\"", 2).contains("`1d` is no timeout of a notification"));
}

#[test]
fn a_command_gets_no_secret_that_any_part_of_the_pipeline_names() {
    let served = serve(Some(3));
    let notify = "[notify]\ncommand = [\"sh\", \"-c\", \"env > environment.txt\"]\n";
    let secrets = ["ROUNDZERO_API_KEY", "SECOND_KEY", "ATS_KEY", "ATS_TOKEN", "AWS_SECRET_ACCESS_KEY", "OTHERS_KEY"];
    let ats = "[ats]\nconnector = \"ats.toml\"\n";
    // One that cannot be used names its secrets all the same.
    served.write(
        "ats.toml",
        "name = \"x\"\nunknown = 1\n[secret-headers]\nauthorization = { env = \"ATS_KEY\" }\n\
         [token]\nid-env = 'ATS_TOKEN'\n",
    );
    let sources = "[[source]]\napi = \"sandbox\"\n[[source]]\nname = \"two\"\napi = \"https://api.example/v1\"\n\
                   key-env = \"SECOND_KEY\"\ninterviews = [\"ids.txt\"]\n[lake]\npath = \"lake\"\n";
    // The last one is somebody else's, which the command may need.
    for (more, kept) in [
        (ats.to_owned(), &["AWS_SECRET_ACCESS_KEY", "OTHERS_KEY"][..]),
        (format!("{ats}[audio]\nout = \"s3://bucket/recordings\"\n"), &["OTHERS_KEY"]),
    ] {
        let pipeline = served.write("p.toml", &format!("{sources}{more}{notify}"));
        let mut run = served.roundup();
        secrets.iter().for_each(|name| _ = run.env(name, "s3cret"));
        let output = run.arg("run").arg(pipeline).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
        let environment = fs::read_to_string(served.path("environment.txt")).unwrap();
        let mut left: Vec<&str> = environment.lines().filter_map(|line| line.strip_suffix("=s3cret")).collect();
        left.sort_unstable();
        assert_eq!(left, kept);
    }
}
