//! What tests share: a sandbox on loopback, the program, and the rows of a lake as text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{Array, AsArray};
use arrow::datatypes::TimestampMicrosecondType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use assert_cmd::Command;
use roundup::lake::read::{ParquetFile, parquet_files};
use roundup::sandbox::{DEFAULT_KEY, Sandbox, SandboxOptions, start};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const INTERVIEWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/interviews.jsonl");

/// A sandbox served by this process, and an empty folder to work in.
pub struct Served {
    pub folder: TempDir,
    pub sandbox: Sandbox,
    runtime: Arc<Runtime>,
}

/// Serves without a limit.
pub fn serve(interviews: Option<usize>) -> Served {
    serve_with(SandboxOptions { interviews, limit: None, ..SandboxOptions::default() })
}

pub fn serve_with(options: SandboxOptions) -> Served {
    let runtime = Arc::new(Runtime::new().unwrap());
    let sandbox = runtime.block_on(start(options)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let served = Served { folder, sandbox, runtime };
    served.write("ids.txt", &(served.ids().join("\n") + "\n"));
    served
}

impl Served {
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    pub fn ids(&self) -> Vec<String> {
        self.sandbox.ids().collect()
    }

    /// A pipeline of this sandbox, with more sections after the usual ones.
    pub fn pipeline(&self, more: &str) -> PathBuf {
        let api = self.sandbox.base_url();
        self.write(
            "pipeline.toml",
            &format!(
                "[source]\napi = \"{api}\"\ninterviews = [\"ids.txt\"]\n[lake]\npath = \"lake\"\n\
                 [ingest]\nrequests-per-minute = 600000\n{more}"
            ),
        )
    }

    /// The program, in this folder, with the sandbox's key.
    pub fn roundup(&self) -> Command {
        let mut command = roundup(self.folder.path());
        command.env("ROUNDZERO_API_KEY", DEFAULT_KEY);
        command
    }

    /// The program in this folder, as [`process`].
    pub fn process(&self) -> std::process::Command {
        process(self.folder.path())
    }

    /// The program's run of a pipeline, which must end with the code; returns its stdout.
    pub fn run(&self, pipeline: &Path, code: i32) -> String {
        let output = self.roundup().arg("run").arg(pipeline).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub fn last_run(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.path("lake/_roundup/last-run.json")).unwrap()).unwrap()
    }

    /// Makes interviews due that wait for their day.
    pub fn make_due(&self, ids: &[String]) {
        let ledger = ledger_of(&self.lake());
        for id in ids {
            let changed = ledger.execute("UPDATE interviews SET next_due = 1 WHERE id = ?1", [id]).unwrap();
            assert_eq!(changed, 1, "{id}");
        }
    }

    /// The ids of a table's rows, sorted.
    pub fn ids_in(&self, table: &str) -> Vec<String> {
        let mut ids: Vec<String> =
            rows(&self.lake(), table).into_iter().map(|row| row["interview_id"].clone()).collect();
        ids.sort();
        ids
    }

    pub fn lake(&self) -> PathBuf {
        self.path("lake")
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The sandbox's tasks end with the last handle of the runtime, without waiting for idle connections.
        if let Some(runtime) = Arc::get_mut(&mut self.runtime) {
            let runtime = std::mem::replace(runtime, tokio::runtime::Builder::new_current_thread().build().unwrap());
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}

/// The program in a folder, without a key and whatever else this environment holds for it.
pub fn roundup(folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.env("XDG_STATE_HOME", folder.join("state"));
    command.current_dir(folder).env_remove("ROUNDZERO_API_KEY").timeout(Duration::from_secs(120));
    command
}

/// The program in a folder as a process beside the test, with the sandbox's key. Nobody reads what it says.
pub fn process(folder: &Path) -> std::process::Command {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.current_dir(folder).env("ROUNDZERO_API_KEY", DEFAULT_KEY).env("XDG_STATE_HOME", folder.join("state"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The ledger of a lake, to look into or to change. Its seal is broken, or a change would be taken for damage.
pub fn ledger_of(lake: &Path) -> rusqlite::Connection {
    let _not_there = std::fs::remove_file(lake.join("_roundup/ledger.db.seal"));
    rusqlite::Connection::open(lake.join("_roundup/ledger.db")).unwrap()
}

/// Waits until something is so, for a minute at most.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "between two looks at other processes, and never for a time to pass")]
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < end, "a minute has passed: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A row: column name to text; null is absent.
pub type Row = BTreeMap<String, String>;

/// All rows of a table, sorted.
pub fn rows(lake: &Path, table: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let table = roundup::lake::schema::table(table).unwrap();
    let columns: Vec<&'static str> = table.columns.iter().map(|column| column.name).collect();
    for path in parquet_files(&lake.join(table.name)).unwrap() {
        let file = ParquetFile::open(&path).unwrap();
        // A file of an older version may lack the latest columns.
        let columns = file.present(&columns);
        let batch = file.all(&columns).unwrap();
        for row in 0..batch.num_rows() {
            let mut texts = Row::new();
            for name in &columns {
                let column = batch.column_by_name(name).unwrap();
                if column.is_valid(row) {
                    texts.insert((*name).to_owned(), text_of(column, row));
                }
            }
            rows.push(texts);
        }
    }
    rows.sort();
    rows
}

/// Rows without the columns that tell when they were read.
pub fn lasting(mut rows: Vec<Row>) -> Vec<Row> {
    for row in &mut rows {
        row.remove("changed_at");
        row.remove("asked_at");
    }
    rows.sort();
    rows
}

/// A value as text; a time as microseconds since 1970.
fn text_of(column: &dyn Array, row: usize) -> String {
    if let Some(times) = column.as_primitive_opt::<TimestampMicrosecondType>() {
        return times.value(row).to_string();
    }
    ArrayFormatter::try_new(column, &FormatOptions::default()).unwrap().value(row).to_string()
}

/// The bodies of the sample, in order.
pub fn sample() -> Vec<Value> {
    let text = std::fs::read_to_string(INTERVIEWS).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
