//! The data of an interview that templates can use, read from the lake.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use minijinja::value::{Serde, Value};
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::deliver::archived::ArchivedFile;
use crate::deliver::fresh::SourceHashes;
use crate::deliver::notes;
use crate::lake::Lake;
use crate::lake::find;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{AUDIO, ColumnType, INTERVIEW_METRICS, KEYWORD_HITS, SOURCE_SHA256};
use crate::ledger::Outgoing;
use crate::model::body::read_interview;
use crate::model::{Interview, Result};

/// How many interviews are in memory at once.
pub const AT_ONCE: usize = 200;

/// One interview, ready for templates. Has no `Debug`, because it holds a candidate's words.
pub struct InterviewContent {
    pub id: String,
    /// Hash of the candidate's answers. The same answers are sent only once.
    pub version: String,
    /// The template variables `interview` and `notes`.
    pub interview: Value,
    /// Its figures, and for each keyword set the number of answers in which each term occurs. None if the analysis is
    /// not up to date.
    pub analysis: Value,
    pub recordings: Vec<RecordingFile>,
    /// Positions of answers whose recording is not archived.
    pub unarchived: Vec<u32>,
    /// Whether another version of its answers was delivered before.
    pub again: bool,
    /// How often it was put back after it was given up.
    pub generation: u32,
}

/// The file of a recording in the archive.
#[derive(Debug, Clone, Serialize)]
pub struct RecordingFile {
    pub position: i64,
    pub question_id: String,
    #[serde(skip)]
    pub file: ArchivedFile,
}

#[derive(Debug, Default)]
struct InterviewAnalysis {
    figures: BTreeMap<&'static str, Option<f64>>,
    keywords: BTreeMap<String, BTreeMap<String, i64>>,
}

impl InterviewAnalysis {
    /// The template variable: the figures by name, and `keywords`.
    fn as_value(&self) -> Value {
        let figures = self.figures.iter().map(|(name, figure)| ((*name).to_owned(), json!(figure)));
        let keywords = ("keywords".to_owned(), json!(self.keywords));
        Value::from(Serde(figures.chain([keywords]).collect::<serde_json::Map<_, _>>()))
    }
}

impl InterviewContent {
    fn new(interview: &Interview, analysis: Option<&InterviewAnalysis>, recordings: Vec<RecordingFile>) -> Self {
        let notes = notes::text(&interview.responses);
        let json = notes::json(interview);
        let sent = json!([json["id"], json["completed_at"], json["responses"]]);
        Self {
            id: interview.id.clone(),
            version: hex::encode(Sha256::digest(sent.to_string())),
            interview: minijinja::context! { interview => Serde(&json), notes },
            analysis: analysis.map_or(Value::from(()), InterviewAnalysis::as_value),
            unarchived: (0..)
                .zip(&interview.responses)
                .filter(|(position, response)| {
                    response.has_audio && recordings.iter().all(|recording| recording.position != i64::from(*position))
                })
                .map(|(position, _)| position)
                .collect(),
            recordings,
            again: false,
            generation: 0,
        }
    }

    /// The vendor's sample, with which a connector is tried out.
    pub fn sample() -> Self {
        let body = br#"{"id":"660f9511-f30c-52e5-b827-557766551111","status":"completed",
            "job":{"id":"550e8400-e29b-41d4-a716-446655440000","title":"Senior Frontend Developer",
                   "department":"Engineering"},
            "candidate":{"id":"770g0622-g41d-63f6-c938-668877662222","name":"Jane Smith","email":"jane@example.com"},
            "created_at":"2024-01-15T10:30:00Z","started_at":"2024-01-16T14:30:00Z",
            "completed_at":"2024-01-16T14:52:00Z","expires_at":"2024-01-22T23:59:59Z",
            "responses":[{"question_id":"880h1733-h52e-74g7-d049-779988773333","question_text":"Why \"hooks\"?",
                          "question_type":"technical","transcript":"Because.\nIndeed.","duration_seconds":145,
                          "answered_at":"2024-01-16T14:33:25Z"}]}"#;
        let interview = read_interview(body).expect("it keeps the contract");
        let mut analysis = InterviewAnalysis::default();
        for column in INTERVIEW_METRICS.columns.iter().filter(|column| is_figure(column.column_type)) {
            analysis.figures.insert(column.name, Some(145.0));
        }
        analysis.keywords.insert("vendor-sample".to_owned(), BTreeMap::from([("react".to_owned(), 1)]));
        let recording = RecordingFile {
            position: 0,
            question_id: "880h1733-h52e-74g7-d049-779988773333".to_owned(),
            file: ArchivedFile::default(),
        };
        Self::new(&interview, Some(&analysis), vec![recording])
    }
}

/// The contents of interviews by id. Those that are not in the lake are left out.
///
/// # Errors
/// When the lake cannot be read.
pub fn contents(
    lake: &Lake,
    outgoing: &[Outgoing],
    archive: Option<&Path>,
) -> Result<HashMap<String, InterviewContent>> {
    let ids: Vec<String> = outgoing.iter().map(|outgoing| outgoing.id.clone()).collect();
    let interviews = find::interviews(lake, &ids)?;
    let wanted: HashSet<&str> = interviews.keys().map(String::as_str).collect();
    let analyses = analyses(lake, &wanted)?;
    let mut recordings = archive.map(|archive| recordings(lake, &wanted, archive)).transpose()?.unwrap_or_default();
    let content = |interview: &Interview| {
        let recordings = recordings.remove(&interview.id).unwrap_or_default();
        (interview.id.clone(), InterviewContent::new(interview, analyses.get(&interview.id), recordings))
    };
    Ok(interviews.values().map(content).collect())
}

fn is_figure(column_type: ColumnType) -> bool {
    matches!(column_type, ColumnType::Integer | ColumnType::Float)
}

/// The analyses of interviews, as far as they are up to date.
fn analyses(lake: &Lake, wanted: &HashSet<&str>) -> Result<HashMap<String, InterviewAnalysis>> {
    let hashes = SourceHashes::of(lake)?;
    let mut found: HashMap<String, InterviewAnalysis> = HashMap::new();
    for path in lake.files(&INTERVIEW_METRICS)? {
        let place = lake.place_of(&INTERVIEW_METRICS, &path);
        if ParquetFile::open(&path)?.metadata(SOURCE_SHA256) != Some(&hashes.of_interviews(lake, place)) {
            continue;
        }
        find::each_row(&INTERVIEW_METRICS, &path, wanted, &mut |row| {
            let analysis = found.entry(row.id()).or_default();
            for column in INTERVIEW_METRICS.columns {
                let figure = match column.column_type {
                    ColumnType::Float => row.float(column.name),
                    ColumnType::Integer => row.integer(column.name).map(|count| count as f64),
                    _ => continue,
                };
                analysis.figures.insert(column.name, figure);
            }
        })?;
    }
    for path in lake.files(&KEYWORD_HITS)? {
        let Some((set, place)) = set_and_place(lake.place_of(&KEYWORD_HITS, &path)) else { continue };
        if ParquetFile::open(&path)?.metadata(SOURCE_SHA256) != hashes.of_responses(lake, place) {
            continue;
        }
        find::each_row(&KEYWORD_HITS, &path, wanted, &mut |row| {
            let (Some(analysis), Some(term)) = (found.get_mut(&row.id()), row.text("term")) else { return };
            *analysis.keywords.entry(set.to_owned()).or_default().entry(term).or_default() += 1;
        })?;
    }
    Ok(found)
}

/// Splits `set=NAME/month=…/….parquet` into the name of the set and the rest.
fn set_and_place(path: &Path) -> Option<(&str, &Path)> {
    let first = path.iter().next()?;
    Some((first.to_str()?.strip_prefix("set=")?, path.strip_prefix(first).ok()?))
}

/// The archived recordings of interviews, in the order of the answers.
fn recordings(lake: &Lake, wanted: &HashSet<&str>, archive: &Path) -> Result<HashMap<String, Vec<RecordingFile>>> {
    let mut found: HashMap<String, Vec<RecordingFile>> = HashMap::new();
    for path in lake.files(&AUDIO)? {
        find::each_row(&AUDIO, &path, wanted, &mut |row| {
            let (Some(position), Some(object)) = (row.integer("position"), row.text("object")) else { return };
            let question_id = row.text("question_id").unwrap_or_else(|| position.to_string());
            found.entry(row.id()).or_default().push(RecordingFile {
                position,
                question_id,
                file: ArchivedFile { archive: archive.to_owned(), object },
            });
        })?;
    }
    found.values_mut().for_each(|recordings| recordings.sort_by_key(|recording| recording.position));
    Ok(found)
}
