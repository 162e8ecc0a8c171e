//! One Delta table: its folder, its links, and how it is brought to a version of the lake.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rustix::io::Errno;

use super::action::{Action, Add, Remove};
use super::history::History;
use super::log::{State, TableLog};
use super::metadata::changed_metadata;
use super::names::{delta_folder, link_of, place_of};
use super::sweep::sweep;
use crate::lake::access::{OTHERS, denied, make_folder, make_table_folder, take_access};
use crate::lake::crash;
use crate::lake::durable::{sha256_of, sync_with_parent};
use crate::lake::exchange::folder_of;
use crate::lake::schema::{Table, is_source};
use crate::ledger::LiveFile;
use crate::model::{Error, Result};

/// How long the links of files that were replaced or removed are kept, for readers that hold a snapshot.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How often to try while another program makes commits. It has lost the lake, so it does not make many.
const TRIES: usize = 5;

/// A table of the lake, and its Delta table.
pub struct DeltaTable<'a> {
    root: &'a Path,
    table: &'static Table,
    folder: PathBuf,
    pub log: TableLog,
}

/// What became of a Delta table.
#[derive(Debug, PartialEq, Eq)]
pub enum Followed {
    Done,
    /// A derived file is not the one of the version any more: an analysis was killed before its commit. The next one
    /// commits it, and the table waits for that.
    Waits,
    /// The file system cannot link files.
    CannotLink(String),
}

/// What became of a try to go on.
enum Step {
    Done,
    Not(Followed),
    /// Another file has the name of a link.
    Taken,
    /// Another writer, which has lost the lake or will, has made the next commit.
    Lost,
}

/// A file that is to be in the table.
struct Wanted<'a> {
    /// Its place below the table of the lake.
    place: &'a str,
    file: &'a LiveFile,
    /// Its name below the Delta table.
    link: String,
}

impl<'a> DeltaTable<'a> {
    pub fn of(root: &'a Path, table: &'static Table) -> Self {
        let folder = delta_folder(root).join(table.name);
        let log = TableLog::of(&folder, 0o666 & !denied(table.name));
        Self { root, table, folder, log }
    }

    pub fn exists(&self) -> bool {
        self.folder.exists()
    }

    /// Gives the folder the access that the table's own folder has.
    ///
    /// # Errors
    /// When it cannot be changed.
    pub fn take_access(&self) -> Result<()> {
        match take_access(&self.root.join(self.table.name), &self.folder) {
            // A table that has lost its last file may have lost its folder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            taken => taken.map_err(|error| Error::path("change who may read", &self.folder, error)),
        }
    }

    /// Brings the table to the lake's version. `are_new` says that the files were put into place just now.
    ///
    /// # Errors
    /// When a file cannot be linked, or the log cannot be read or written.
    pub fn follow(&self, history: &History<'_>, are_new: bool) -> Result<Followed> {
        for _ in 0..TRIES {
            let before = self.log.read()?;
            if are_new && before.as_ref().is_some_and(|state| history.is_behind(&state.from)) {
                // Another writer has gone on since.
                return Ok(Followed::Done);
            }
            let before = before.filter(|state| history.has(&state.from));
            if before.is_none() {
                self.delete()?;
            }
            match self.go_on(history, before, are_new)? {
                Step::Done => return Ok(Followed::Done),
                Step::Not(followed) => return Ok(followed),
                Step::Taken => self.delete()?,
                Step::Lost => {}
            }
        }
        Err(Error::failed("another program is writing to it"))
    }

    /// Deletes the links of files that were removed, and all that the log says of them. A table that does not follow the
    /// lake's version is deleted, and made again by whoever keeps it up.
    ///
    /// # Errors
    /// When the log cannot be read or written, or a link cannot be deleted.
    pub fn erase(&self, history: &History<'_>) -> Result<()> {
        let files: BTreeMap<&str, &str> = history
            .version
            .files()
            .filter(|file| file.table == self.table.name)
            .filter_map(|file| Some((file.path.split_once('/')?.1, file.sha256.as_str())))
            .collect();
        let has =
            |(link, add): (&String, &Add)| place_of(link).and_then(|place| files.get(&*place)) == Some(&add.sha256());
        let follows =
            |state: &State| history.has(&state.from) && state.live.len() == files.len() && state.live.iter().all(has);
        let Some(state) = self.log.read()?.filter(follows) else { return self.delete() };
        // The newest commit stays, and may be the one that removed them: so this one, which says nothing of files, follows.
        let info = Action::CommitInfo(history.info(Timestamp::now()));
        let Some(state) = self.log.append(Some(state), vec![info])? else {
            return Err(Error::failed(format!("another program is writing to {}", self.folder.display())));
        };
        sweep(&self.folder, &state, Timestamp::MAX).map_err(|error| Error::path("clear", &self.folder, error))?;
        self.log.forget_removed(&state)
    }

    /// Deletes what is there: it is not whole, or of another history, and of no use to anybody.
    pub fn delete(&self) -> Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::path("delete", &self.folder, error)),
            _ => Ok(()),
        }
    }

    /// Continues a log, or begins one.
    fn go_on(&self, history: &History<'_>, before: Option<State>, are_new: bool) -> Result<Step> {
        let live = before.iter().flat_map(|state| &state.live);
        let mut gone: BTreeMap<String, &Add> =
            live.map(|(link, add)| (place_of(link).expect("the log has links only"), add)).collect();
        let mut added = Vec::new();
        for file in history.version.files().filter(|file| file.table == self.table.name) {
            let Some((_, place)) = file.path.split_once('/') else { continue };
            if gone.get(place).is_some_and(|add| add.sha256() == file.sha256) {
                gone.remove(place);
            } else {
                added.push(Wanted { place, file, link: link_of(place, history.since(&file.path)) });
            }
        }
        let changed = changed_metadata(self.table, before.as_ref().map(|state| &state.metadata))?;
        // A commit that changes nothing still says how far the table has come, or every opening would compare it again.
        let is_there = before.as_ref().is_some_and(|state| state.from.lake_version == history.version.number);
        if is_there && changed.is_empty() && added.is_empty() && gone.is_empty() {
            return Ok(Step::Done);
        }
        match self.link(&added, are_new)? {
            Step::Done => {}
            other => return Ok(other),
        }
        crash::point("delta-linked");
        let now = Timestamp::now();
        let mut actions = vec![Action::CommitInfo(history.info(now))];
        actions.extend(changed);
        // Of files that were only merged, a reader of changes reads nothing again.
        let changes = |place: &str| {
            let path = format!("{}/{place}", self.table.name);
            before.as_ref().is_none_or(|state| !history.only_merged(folder_of(&path), &state.from))
        };
        for (place, add) in &gone {
            let removal = add.removal(now.as_millisecond());
            actions.push(Action::Remove(Remove { data_change: changes(place), ..removal }));
        }
        for wanted in &added {
            actions.push(Action::Add(Add { data_change: changes(wanted.place), ..self.addition(wanted)? }));
        }
        drop(gone);
        let Some(state) = self.log.append(before, actions)? else { return Ok(Step::Lost) };
        crash::point("delta-committed");
        self.clean(&state, KEPT_FOR, now)?;
        Ok(Step::Done)
    }

    /// Deletes links that nobody reads any more, and makes a checkpoint if it is time for one.
    fn clean(&self, state: &State, kept_for: SignedDuration, now: Timestamp) -> Result<()> {
        let before = now - kept_for;
        if state.wants_checkpoint() || state.has_removed_before(before) {
            sweep(&self.folder, state, before).map_err(|error| Error::path("clear", &self.folder, error))?;
        }
        self.log.write_checkpoint(state, before, now)
    }

    /// Links files to where the lake has them, and makes the folders for that.
    fn link(&self, wanted: &[Wanted<'_>], are_new: bool) -> Result<Step> {
        let fail = |error: io::Error| Error::path("make", &self.folder, error);
        if !self.exists() {
            fs::create_dir_all(delta_folder(self.root)).map_err(fail)?;
            make_folder(&self.folder, OTHERS).map_err(fail)?;
        }
        self.take_access()?;
        let mut folders = BTreeSet::new();
        for Wanted { place, file, link } in wanted {
            let (path, target) = (self.folder.join(link), self.root.join(&file.path));
            let parent = path.parent().expect("it is below the table");
            make_table_folder(self.table.name, parent).map_err(fail)?;
            folders.insert(parent.to_owned());
            match fs::hard_link(&target, &path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    if sha256_of(&path).map_err(|error| Error::path("read", &path, error))? != file.sha256 {
                        return Ok(Step::Taken);
                    }
                    continue;
                }
                Err(error) if cannot_link(&error) => {
                    self.remove_if_empty(parent);
                    return Ok(Step::Not(Followed::CannotLink(error.to_string())));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound && !is_source(&file.table) => {
                    return Ok(Step::Not(Followed::Waits));
                }
                linked => linked.map_err(|error| Error::path("link", &target, error))?,
            }
            if !is_as_logged(&path, file, are_new).map_err(|error| Error::path("read", &path, error))? {
                fs::remove_file(&path).map_err(|error| Error::path("delete", &path, error))?;
                if is_source(&file.table) {
                    return Err(Error::failed(format!("{place} of {} is not as the log has it", self.table.name)));
                }
                return Ok(Step::Not(Followed::Waits));
            }
        }
        make_table_folder(self.table.name, self.log.folder()).map_err(fail)?;
        for folder in folders.iter().map(PathBuf::as_path).chain([self.log.folder(), &self.folder, self.root]) {
            sync_with_parent(folder).map_err(|error| Error::path("sync", folder, error))?;
        }
        Ok(Step::Done)
    }

    /// Leaves no empty folders where nothing can be linked.
    fn remove_if_empty(&self, parent: &Path) {
        for folder in [parent, &self.folder, &delta_folder(self.root)] {
            let _not_empty = fs::remove_dir(folder);
        }
    }

    fn addition(&self, Wanted { place, file, link }: &Wanted<'_>) -> Result<Add> {
        let path = self.folder.join(link);
        let modified = fs::metadata(&path).and_then(|metadata| metadata.modified());
        let modified = modified.map_err(|error| Error::path("look at", &path, error))?;
        let modified = Timestamp::try_from(modified).unwrap_or_default();
        Ok(Add::of(file, link, self.table.partition_values(place), modified))
    }
}

/// Whether a file has the bytes that the log names. A source is compared with the log by its size at every opening, but a
/// derived file is in its place before it is in the log.
fn is_as_logged(path: &Path, file: &LiveFile, is_new: bool) -> io::Result<bool> {
    Ok(fs::metadata(path)?.len() == file.bytes && (is_new || is_source(&file.table) || sha256_of(path)? == file.sha256))
}

/// Whether linking fails because of the file system: it has no hard links (then Linux says that they are not permitted),
/// the folder is on another one, or the file belongs to somebody else, or has too many links.
fn cannot_link(error: &io::Error) -> bool {
    let errors = [Errno::PERM, Errno::OPNOTSUPP, Errno::NOSYS, Errno::XDEV, Errno::MLINK];
    errors.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
