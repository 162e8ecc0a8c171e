//! What is asked for again replaces what was there: the lake is then as if the newest bodies had come first.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;
use roundup::ingest::cut::{Arrival, Published, cut_interviews};
use roundup::lake::Lake;
use roundup::model::body::read_interview;
use roundup::model::{Provenance, Via};
use serde_json::{Value, json};

use crate::common::{Row, lasting, rows, sample, serve};
use crate::delta::are_up_to_date;

const TABLES: &[&str] = &["interviews", "responses", "candidates"];

/// The bodies of a batch: by their index, each with its first answers alone. Of one id the first settled body counts.
pub fn came(all: &[Value], batch: Vec<(usize, u8)>) -> BTreeMap<usize, Value> {
    let mut came = BTreeMap::new();
    for (index, answers) in batch {
        let mut body = all[index].clone();
        if let Some(responses) = body["responses"].as_array_mut() {
            responses.truncate(usize::from(answers));
        }
        came.entry(index).or_insert(body);
    }
    came
}

/// The settled interviews of the sample.
pub fn bodies() -> Vec<Value> {
    sample().into_iter().filter(|body| ["completed", "expired"].contains(&body["status"].as_str().unwrap())).collect()
}

pub fn put(root: &Path, bodies: &[Value], again: bool) -> Published {
    let lake = Lake::create(root).unwrap();
    let lock = lake.lock().unwrap();
    let mut ledger = lake.ledger(&lock).unwrap();
    let provenance =
        || Provenance { source: "default".into(), via: Via::List, again, fetched_at: Timestamp::UNIX_EPOCH };
    let arrival = |body: &Value| Arrival {
        provenance: provenance(),
        interview: read_interview(body.to_string().as_bytes()).unwrap(),
    };
    let keys = lake.candidate_keys().unwrap();
    cut_interviews(&lake, &mut ledger, &keys, bodies.iter().map(arrival).collect(), None).unwrap()
}

/// All rows, and nothing that differs between lakes.
pub fn lake_of(root: &Path) -> Vec<Vec<Row>> {
    let table = |table: &&str| {
        let mut rows = lasting(rows(root, table));
        rows.iter_mut().for_each(|row| _ = row.remove("candidate_key"));
        rows.sort();
        rows
    };
    TABLES.iter().map(table).collect()
}

fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let lake = Lake::open(root).unwrap();
    let tables = TABLES.iter().flat_map(|name| lake.files(roundup::lake::schema::table(name).unwrap()).unwrap());
    tables.map(|path| (path.display().to_string(), fs::read(path).unwrap())).collect()
}

#[test]
fn one_of_many_is_replaced_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = bodies();
    put(folder.path(), &all, false);
    let before = files(folder.path());
    let index = all.iter().position(|body| body["responses"].as_array().is_some_and(|list| list.len() > 2)).unwrap();
    all[index]["responses"][0]["transcript"] = json!("what came late");
    all[index]["responses"].as_array_mut().unwrap().pop();
    assert_eq!(put(folder.path(), &all[index..=index], false).repeated, 1, "only what is asked for again replaces");
    assert_eq!(files(folder.path()), before);
    assert_eq!(put(folder.path(), &all[index..=index], true).replaced, 1);
    let fresh = tempfile::tempdir().unwrap();
    put(fresh.path(), &all, false);
    assert!(lake_of(folder.path()) == lake_of(fresh.path()));
    let after = files(folder.path());
    assert!(after.keys().eq(before.keys()), "in the files' own names");
    assert_eq!(
        after.iter().filter(|(path, bytes)| before[*path] != **bytes).count(),
        2,
        "the answers, and of the interview when its rows changed; the candidate is the same"
    );
}

#[test]
fn what_has_changed_since_a_look_is_what_was_replaced_or_came() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = bodies();
    let last = all.pop().unwrap();
    put(folder.path(), &all, false);
    let looked = rows(folder.path(), "interviews").iter().map(|row| row["changed_at"].clone()).max().unwrap();
    let index = all.iter().position(|body| body["responses"][0]["transcript"].is_string()).unwrap();
    all[index]["responses"][0]["transcript"] = json!("what came late");
    put(folder.path(), &[all[index].clone(), all[index + 1].clone(), last.clone()], true);
    let changed = rows(folder.path(), "interviews").into_iter().filter(|row| row["changed_at"] > looked);
    let mut changed: Vec<Value> = changed.map(|row| json!(row["interview_id"])).collect();
    changed.sort_by_key(Value::to_string);
    let mut expected = vec![all[index]["id"].clone(), last["id"].clone()];
    expected.sort_by_key(Value::to_string);
    assert_eq!(changed, expected, "not the one whose body is the same");
}

#[test]
fn the_same_body_again_changes_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let all = bodies();
    put(folder.path(), &all, false);
    let before = files(folder.path());
    let published = put(folder.path(), &all, true);
    assert_eq!((published.replaced, published.repeated, published.settled), (0, 0, 0));
    assert_eq!(files(folder.path()), before);
}

#[test]
fn one_that_settles_in_another_month_moves_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = bodies();
    put(folder.path(), &all, false);
    let index = all.iter().position(|body| body["status"] == "completed").unwrap();
    all[index]["completed_at"] = json!("2031-07-01T00:00:00Z");
    assert_eq!(put(folder.path(), &all[index..=index], true).replaced, 1);
    let fresh = tempfile::tempdir().unwrap();
    put(fresh.path(), &all, false);
    assert!(lake_of(folder.path()) == lake_of(fresh.path()));
    assert_eq!(fs::read_dir(folder.path().join("responses/month=2031-07")).unwrap().count(), 1);
}

#[test]
fn one_that_is_open_suddenly_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = bodies();
    put(folder.path(), &all, false);
    let before = files(folder.path());
    all[0]["status"] = json!("in_progress");
    assert_eq!(put(folder.path(), &all[..1], true).repeated, 1);
    assert_eq!(files(folder.path()), before);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever comes in whatever batches, the lake holds the last body of each that was asked for again, or the first.
    #[test]
    fn the_lake_is_as_a_plain_map_has_it(
        batches in prop::collection::vec((any::<bool>(), prop::collection::vec((0_usize..12, 0_u8..4), 1..8)), 1..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let all = bodies();
        let mut model: BTreeMap<usize, Value> = BTreeMap::new();
        for (again, batch) in batches {
            let came = came(&all, batch);
            put(folder.path(), &came.values().cloned().collect::<Vec<_>>(), again);
            are_up_to_date(folder.path());
            for (index, body) in came {
                if again || !model.contains_key(&index) {
                    model.insert(index, body);
                }
            }
        }
        let fresh = tempfile::tempdir().unwrap();
        put(fresh.path(), &model.into_values().collect::<Vec<_>>(), false);
        prop_assert!(lake_of(folder.path()) == lake_of(fresh.path()));
    }
}

#[test]
fn refetch_asks_for_what_is_settled_and_analyses_only_what_is_other() {
    let served = serve(None);
    let pipeline = served.pipeline("questions = \"all\"\n[analyze]\nkeywords = [\"builtin:fillers\"]\n");
    served.run(&pipeline, 0);
    let (lake, questions) = (lake_of(&served.lake()), rows(&served.lake(), "questions"));
    let before = served.sandbox.stats().requests;
    served.roundup().args(["run", "--refetch"]).arg(&pipeline).assert().success();
    assert_eq!(served.sandbox.stats().requests - before, served.ids().len() as u64, "no question is asked for again");
    assert!(lake_of(&served.lake()) == lake);
    assert_eq!(rows(&served.lake(), "questions"), questions);
    let run = served.last_run();
    assert_eq!((&run["ingest"]["replaced"], &run["analyze"]["files_made"]), (&json!(0), &json!(0)));
}

#[test]
fn a_transcript_that_comes_late_replaces_the_gap_and_is_analysed() {
    let served = serve(None);
    let pipeline = served.pipeline("questions = \"none\"\n[analyze]\nkeywords = [\"builtin:fillers\"]\n");
    // The lake has the interviews as they were before their transcripts came.
    let gaps: Vec<String> = bodies()
        .into_iter()
        .map(|mut body| {
            for response in body["responses"].as_array_mut().into_iter().flatten() {
                response["transcript"] = json!(null);
            }
            body.to_string()
        })
        .collect();
    served.write("gaps.jsonl", &gaps.join("\n"));
    served.roundup().args(["import", "--lake", "lake", "gaps.jsonl"]).assert().success();
    let id = bodies().iter().find(|body| body["responses"][0]["transcript"].is_string()).unwrap()["id"].clone();
    served.make_due(&[id.as_str().unwrap().to_owned()]);
    served.run(&pipeline, 0);
    assert_eq!(served.last_run()["ingest"]["replaced"], 1);
    let with_text: Vec<String> = rows(&served.lake(), "responses")
        .into_iter()
        .filter(|row| row.contains_key("transcript"))
        .map(|row| row["interview_id"].clone())
        .collect();
    assert!(!with_text.is_empty() && with_text.iter().all(|one| *one == id), "{with_text:?}");
    let words = rows(&served.lake(), "response_metrics");
    assert!(
        words.iter().any(|row| row["interview_id"] == id && row.get("word_count").is_some_and(|count| count != "0"))
    );
}
