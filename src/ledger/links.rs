//! Links to recordings, for as long as they open. They are not lost with the ledger.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

use jiff::{SignedDuration, Timestamp};

use super::ahead::latest_stored;
use super::connection::Ledger;
use super::link_files::{Frame, Line, LinkFile, Range};
use super::recordings::RecordingId;
use crate::model::recording::links_dead_since;
use crate::model::{Link, Result};

/// A link that is kept until its recording is archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLink {
    pub recording: RecordingId,
    /// The name of the recording in an archive.
    pub object: String,
    pub link: Link,
    /// When its interview settled.
    pub settled_at: Option<Timestamp>,
    pub fetched_at: Timestamp,
}

/// How far the kept links were read: a number of bytes for each file.
#[derive(Debug, Clone, Default)]
pub struct LinkPlace(BTreeMap<u64, u64>);

/// Where the links of each interview are, in 24 bytes for each frame that it is in.
#[derive(Debug)]
pub struct LiveLinks {
    frames: Vec<(LinkFile, Range)>,
    /// Hashes of interviews with the indices of their frames, sorted.
    places: Vec<(u64, usize)>,
    hasher: RandomState,
}

impl Ledger {
    /// Keeps links. Each replaces an older one of the same recording.
    ///
    /// # Errors
    /// When they cannot be written. Some may be kept then.
    pub fn keep_links(&mut self, links: &[KeptLink]) -> Result<()> {
        let lines: Vec<Line> = links.iter().map(Line::from).collect();
        self.links.append(&lines, Timestamp::now())
    }

    /// Forgets the link of a recording, because it does not open.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn forget_link(&mut self, recording: &RecordingId, object: &str) -> Result<()> {
        let (RecordingId { interview, position }, now) = (recording.clone(), Timestamp::now());
        let (object, fetched_at) = (object.to_owned(), now.as_microsecond());
        self.links.append(&[Line { interview, position, object, link: None, settled_at: None, fetched_at }], now)
    }

    /// Drops the files whose links no longer open.
    ///
    /// # Errors
    /// When one cannot be deleted.
    pub fn forget_old_links(&mut self, now: Timestamp) -> Result<()> {
        let latest = Timestamp::from_microsecond(latest_stored(now, SignedDuration::ZERO)).unwrap_or(Timestamp::MAX);
        self.links.drop_before(links_dead_since(now), latest)
    }

    /// Drops the files whose links are all needless.
    ///
    /// # Errors
    /// When one cannot be deleted.
    pub fn forget_needless_links(&mut self, is_needless: impl Fn(&RecordingId, &str) -> bool) -> Result<()> {
        for file in self.links.list()? {
            let lines = file.frames(0).into_iter().flat_map(|frame| frame.lines);
            let mut kept = lines.filter(|line| line.link.is_some());
            if kept.all(|line| is_needless(&line.recording(), &line.object)) {
                self.links.delete(&file.path)?;
            }
        }
        Ok(())
    }

    /// Links that still open, from a place on, which is moved behind them. Each frame is read whole, until there are
    /// `enough`.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub fn links_after(&self, place: &mut LinkPlace, enough: usize, now: Timestamp) -> Result<Vec<KeptLink>> {
        let mut links = Vec::new();
        for file in self.links.list()? {
            let offset = place.0.entry(file.number).or_default();
            for Frame { end, lines, .. } in file.frames(*offset) {
                if links.len() >= enough {
                    return Ok(links);
                }
                *offset = end;
                links.extend(lines.into_iter().filter_map(|line| line.opened(now)));
            }
        }
        Ok(links)
    }

    /// Finds where the links of each interview are now.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub fn live_links(&self) -> Result<LiveLinks> {
        let (mut live, mut last) =
            (LiveLinks { frames: Vec::new(), places: Vec::new(), hasher: RandomState::new() }, None);
        for file in self.links.list()? {
            for Frame { begin, end, lines } in file.frames(0) {
                for line in lines {
                    let place = (live.hasher.hash_one(&line.interview), live.frames.len());
                    // Links of an interview mostly follow one another.
                    if last.replace(place) != Some(place) {
                        live.places.push(place);
                    }
                }
                live.frames.push((file.clone(), Range { begin, end }));
            }
        }
        live.places.sort_unstable();
        live.places.dedup();
        Ok(live)
    }
}

impl LiveLinks {
    /// The links of recordings that still open, by recording and name. Of several the newest counts.
    pub fn of<'a>(
        &self,
        recordings: impl IntoIterator<Item = &'a RecordingId>,
        now: Timestamp,
    ) -> HashMap<(RecordingId, String), Link> {
        let mut frames = BTreeSet::new();
        let mut wanted = BTreeSet::new();
        for recording in recordings {
            wanted.insert(recording);
            let hash = self.hasher.hash_one(&recording.interview);
            let first = self.places.partition_point(|(other, _)| *other < hash);
            let here = self.places[first..].iter().take_while(|(other, _)| *other == hash);
            frames.extend(here.map(|(_, frame)| *frame));
        }
        let mut newest: HashMap<(RecordingId, String), Line> = HashMap::new();
        for (file, range) in frames.into_iter().map(|frame| &self.frames[frame]) {
            for line in file.frame(*range) {
                let key = (line.recording(), line.object.clone());
                let is_newer = |known: &Line| known.fetched_at <= line.fetched_at;
                if wanted.contains(&key.0) && newest.get(&key).is_none_or(is_newer) {
                    newest.insert(key, line);
                }
            }
        }
        newest.into_iter().filter_map(|(key, line)| Some((key, line.opened(now)?.link))).collect()
    }
}

impl Line {
    fn recording(&self) -> RecordingId {
        RecordingId { interview: self.interview.clone(), position: self.position }
    }

    /// The link, if it still opens.
    fn opened(self, now: Timestamp) -> Option<KeptLink> {
        let recording = self.recording();
        let fetched_at = Timestamp::from_microsecond(self.fetched_at).ok()?;
        let settled_at = self.settled_at.and_then(|at| Timestamp::from_microsecond(at).ok());
        let link = self.link.filter(|_| fetched_at > links_dead_since(now)).map(Link::new)?;
        Some(KeptLink { recording, object: self.object, link, settled_at, fetched_at })
    }
}

impl From<&KeptLink> for Line {
    fn from(KeptLink { recording, object, link, settled_at, fetched_at }: &KeptLink) -> Self {
        Self {
            interview: recording.interview.clone(),
            position: recording.position,
            object: object.clone(),
            link: Some(link.secret().to_owned()),
            settled_at: settled_at.map(Timestamp::as_microsecond),
            fetched_at: fetched_at.as_microsecond(),
        }
    }
}
