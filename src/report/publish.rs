//! Publishes a report, so that whoever looks finds a whole one at any instant, also when several are written at once.
//!
//! A report is written in a private folder `.<name>.new-…` beside the published one, and then the two are exchanged.
//! `latest` points to the newest report. A process that is killed leaves its private folder to the next report, which
//! clears it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::clear::{REPLACED, clear, is_own};
use super::model::Period;
use crate::lake::crash;
use crate::lake::durable::{sync, sync_all};
use crate::lake::temporary::TemporaryFolder;
use crate::model::{Error, Result};
use crate::pipeline::Narrow;

/// How often a report tries to take its place while others take it too.
const TRIES: usize = 1000;
/// What the name of a private folder has after the name of its report.
const NEW: &str = ".new-";
const LATEST: &str = "latest";

/// The name of a report's folder: the first day after its period. A narrowed report has a hash of its selection in its
/// name, so that it does not replace the report on everything.
pub fn name(period: &Period, narrow: &Narrow) -> String {
    name_of(&period.until.to_string(), narrow)
}

/// The name of the folder of a report whose period ends before a day.
pub fn name_of(until: &str, narrow: &Narrow) -> String {
    if narrow.jobs.is_empty() && narrow.departments.is_empty() {
        return until.to_owned();
    }
    let mut hash = Sha256::new();
    for name in narrow.jobs.iter().chain([&String::new()]).chain(&narrow.departments) {
        hash.update(name.len().to_le_bytes());
        hash.update(name);
    }
    format!("{until}-only-{}", hex::encode(&hash.finalize()[..4]))
}

/// Whether [`name`] returns such names.
fn is_name(name: &str) -> bool {
    let (day, narrowed) = name.split_once("-only-").unwrap_or((name, "00000000"));
    day.parse().is_ok_and(|date: Date| date.to_string() == day)
        && narrowed.len() == 8
        && narrowed.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// Whether reports are in a folder, or a link to the newest one. Those of a disk that is not mounted are not.
pub fn has_reports(out: &Path) -> bool {
    let entries = fs::read_dir(out).into_iter().flatten().flatten();
    let mut names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.any(|name| name == LATEST || is_name(&name))
}

/// Writes the files as `out/name/` and points `out/latest` to that folder. The program's own files of an older report
/// of that name are replaced, and those of others are kept. Without news, `latest` stays if it leads to a report.
///
/// # Errors
/// When it cannot be written. The older report is still there then.
pub fn publish(out: &Path, name: &str, files: &[(String, Vec<u8>)], has_news: bool) -> Result<PathBuf> {
    let target = out.join(name);
    let fail = |error: io::Error| Error::path("write the report", &target, error);
    fs::create_dir_all(out).map_err(fail)?;
    if fs::symlink_metadata(&target).is_ok_and(|there| !there.is_dir()) {
        let hint = format!("move {} away, or choose another folder", target.display());
        return Err(fail(io::Error::other("something that is not a folder has its name")).hint(hint));
    }
    clear_abandoned(out);
    let new = TemporaryFolder::new(out, &format!(".{name}{NEW}")).map_err(fail)?;
    let published = write(new.path(), files).and_then(|report| {
        crash::point("report-staged");
        place(&report, &target, new.path(), |report, target| {
            renameat_with(CWD, report, CWD, target, RenameFlags::EXCHANGE)
        })?;
        sync(out)?;
        crash::point("report-placed");
        Ok(())
    });
    let leads = !has_news && out.join(LATEST).exists();
    let lead = |()| if leads { Ok(()) } else { lead_to(&target, new.path()) };
    let published = published.map_err(fail).and_then(lead);
    clear(new, &target);
    published.map(|()| target)
}

/// Writes a report into a private folder, so that it lasts.
fn write(folder: &Path, files: &[(String, Vec<u8>)]) -> io::Result<PathBuf> {
    let report = folder.join("new");
    fs::create_dir(&report)?;
    let mut written = BTreeSet::from([report.clone()]);
    for (file, bytes) in files {
        debug_assert!(is_own(file), "{file} would stay when its report is replaced");
        let path = report.join(file);
        let folder = path.parent().expect("a page is in a folder").to_owned();
        fs::create_dir_all(&folder)?;
        fs::write(&path, bytes)?;
        written.extend([path, folder]);
    }
    sync_all(&written.iter().map(PathBuf::as_path).collect::<Vec<_>>()).map_err(io::Error::other)?;
    Ok(report)
}

/// Moves a report into its place. A report that is there is left in `folder`.
fn place(
    report: &Path,
    target: &Path,
    folder: &Path,
    exchange: impl Fn(&Path, &Path) -> rustix::io::Result<()>,
) -> io::Result<()> {
    for number in 0..TRIES {
        if fs::symlink_metadata(target).is_err() {
            match fs::rename(report, target) {
                // Another report has just taken the place.
                Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {}
                renamed => return renamed,
            }
        }
        match exchange(report, target) {
            // Another process has just taken it out of its place.
            Err(Errno::NOENT) if report.exists() => {}
            // The file system cannot exchange folders: for an instant there is no report of that name. A process that
            // is killed in it leaves the report to the next one, which puts it back.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                match fs::rename(target, folder.join(format!("{REPLACED}{number:04}"))) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                    _ => crash::point("report-between"),
                }
            }
            exchanged => return Ok(exchanged?),
        }
    }
    Err(io::Error::other("too many others write it at the same time"))
}

/// Points `latest` to a report. Where that is not possible, the report is all there is, which a warning says.
fn lead_to(report: &Path, folder: &Path) -> Result<()> {
    let (out, name) = (report.parent().expect("a report is in a folder"), report.file_name().expect("a day"));
    let latest = out.join(LATEST);
    let link = folder.join(LATEST);
    let what = format!("the report is at {}, and {} does not lead to it", report.display(), latest.display());
    if fs::symlink_metadata(&latest).is_ok_and(|there| !there.is_symlink()) {
        tracing::warn!("{what}: something else has that name");
        return Ok(());
    }
    match symlink(name, &link).and_then(|()| fs::rename(&link, &latest)).and_then(|()| sync(out)) {
        Err(error) if has_no_links(&error) => tracing::warn!("{what}: there are no links here ({error})"),
        Err(error) => return Err(Error::failed(format!("{what}: {error}"))),
        Ok(()) => {}
    }
    Ok(())
}

/// Whether an error is that of a file system without symbolic links, such as exFAT or a share of Windows.
fn has_no_links(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported || Errno::from_io_error(error) == Some(Errno::PERM)
}

/// Clears the private folders of reports that were killed.
fn clear_abandoned(out: &Path) {
    let report = |name: &str| name.strip_prefix('.')?.strip_suffix(NEW).filter(|name| is_name(name)).map(str::to_owned);
    match TemporaryFolder::abandoned(out, report) {
        Ok(found) => found.into_iter().for_each(|(folder, name)| clear(folder, &out.join(name))),
        Err(error) => tracing::warn!("what killed reports left in {} stays there: {error}", out.display()),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A private folder with a report in it, and the place of the report.
    fn staged(out: &Path, text: &str) -> (TemporaryFolder, PathBuf, PathBuf) {
        let folder = TemporaryFolder::new(out, ".2026-06-01.new-").unwrap();
        let report = write(folder.path(), &[("summary.json".to_owned(), text.into())]).unwrap();
        (folder, report, out.join("2026-06-01"))
    }

    fn read(target: &Path) -> String {
        fs::read_to_string(target.join("summary.json")).unwrap()
    }

    #[test]
    fn only_names_of_reports_are_names() {
        for (text, is_one) in [
            ("2026-06-01", true),
            ("2026-06-01-only-0a1b2c3d", true),
            ("2026-06-01-only-0a1b2c3", false),
            ("2026-06-01-only-", false),
            ("2026-6-1", false),
            ("2026-02-30", false),
            ("20260601", false),
            ("", false),
        ] {
            assert_eq!(is_name(text), is_one, "{text}");
        }
    }

    #[test]
    fn a_folder_of_reports_has_one_or_a_link_to_it() {
        let out = tempfile::tempdir().unwrap();
        assert!(!has_reports(out.path()) && !has_reports(&out.path().join("not-there")));
        fs::create_dir(out.path().join("lost+found")).unwrap();
        assert!(!has_reports(out.path()));
        symlink("2026-06-01", out.path().join(LATEST)).unwrap();
        assert!(has_reports(out.path()), "the report that it led to was deleted");
        fs::remove_file(out.path().join(LATEST)).unwrap();
        fs::create_dir(out.path().join("2026-05-01")).unwrap();
        assert!(has_reports(out.path()));
    }

    #[test]
    fn where_folders_cannot_be_exchanged_one_replaces_the_other() {
        for cannot in [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP] {
            let out = tempfile::tempdir().unwrap();
            for text in ["first", "second", "third"] {
                let (folder, report, target) = staged(out.path(), text);
                place(&report, &target, folder.path(), |_, _| Err(cannot)).unwrap();
                clear(folder, &target);
                assert_eq!(read(&target), text);
                assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
            }
        }
        let out = tempfile::tempdir().unwrap();
        let (folder, report, target) = staged(out.path(), "new");
        fs::create_dir(&target).unwrap();
        let error = place(&report, &target, folder.path(), |_, _| Err(Errno::IO)).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::IO.raw_os_error()));
    }

    #[test]
    fn whoever_comes_in_between_is_replaced_too() {
        let out = tempfile::tempdir().unwrap();
        let (folder, report, target) = staged(out.path(), "ours");
        let (_other_folder, other, _) = staged(out.path(), "theirs");
        fs::create_dir(&target).unwrap();
        let came = Cell::new(false);
        // First the place is emptied by another process, which then puts its own report there.
        let exchange = |report: &Path, target: &Path| {
            if !came.replace(true) {
                fs::remove_dir(target).unwrap();
                fs::rename(&other, target).unwrap();
                return Err(Errno::NOENT);
            }
            assert_eq!((read(report), read(target)), ("ours".into(), "theirs".into()));
            Err(Errno::INVAL)
        };
        place(&report, &target, folder.path(), exchange).unwrap();
        assert_eq!(read(&target), "ours");
    }

    #[test]
    fn what_was_taken_out_of_its_place_by_a_killed_report_is_put_back() {
        let out = tempfile::tempdir().unwrap();
        let (folder, _, target) = staged(out.path(), "never published");
        let replaced = folder.path().join(format!("{REPLACED}0000"));
        fs::create_dir(&replaced).unwrap();
        fs::write(replaced.join("summary.json"), "published").unwrap();
        fs::write(replaced.join("note"), "somebody's").unwrap();
        drop(folder);
        clear_abandoned(out.path());
        assert_eq!(read(&target), "published");
        assert_eq!(fs::read_to_string(target.join("note")).unwrap(), "somebody's");
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_system_without_links_is_told_from_one_that_failed() {
        for errno in [Errno::PERM, Errno::OPNOTSUPP, Errno::NOSYS] {
            assert!(has_no_links(&errno.into()), "{errno}");
        }
        for errno in [Errno::NOSPC, Errno::IO, Errno::ROFS, Errno::ACCESS, Errno::NOENT] {
            assert!(!has_no_links(&errno.into()), "{errno}");
        }
    }
}
