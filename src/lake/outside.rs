//! Where a user may have something written: to a place that can be written, and not into the lake. Whatever writes to a
//! path that a user chose checks it here first.

use std::path::{Component, Path, PathBuf};

use rustix::fs::{Access, access};

use crate::model::{Error, Result, folder_or_here};

/// How many symbolic links are followed in one path, as in Linux.
const LINKS: u32 = 40;

/// Checks that something may be written to a path, which need not exist yet. `what` names it in the message, as in
/// `the report`.
///
/// # Errors
/// A usage error when the path is inside the lake, even through a symbolic link.
pub fn refuse_inside(what: &str, place: &Path, lake: &Path) -> Result<()> {
    if !real_path(place).starts_with(real_path(lake)) {
        return Ok(());
    }
    let message = format!("{what} {} is inside the lake, which is for tables", place.display());
    Err(Error::usage(message).hint("choose a place beside it"))
}

/// Why something cannot be written to a path, if so. `folder` is the folder that will be made for it, and `what` names it
/// in the message, as in `the report`.
#[must_use]
pub fn unusable(what: &str, place: &Path, folder: &Path, lake: &Path) -> Option<Error> {
    refuse_inside(what, place, lake).err().or_else(|| unwritable(what, folder))
}

/// Why a folder cannot be made or written, if so. Does not make it.
#[must_use]
pub fn unwritable(what: &str, folder: &Path) -> Option<Error> {
    // A link that leads nowhere may lead to a disk that is not there, so its target is not made either.
    let is_there = |folder: &&Path| folder.exists() || folder.is_symlink();
    let there = folder.ancestors().find(is_there).map_or(Path::new("."), folder_or_here);
    let why = if !there.exists() {
        format!("{} is a link to what is not there", there.display())
    } else if !there.is_dir() {
        format!("{} is not a folder", there.display())
    } else if access(there, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        format!("{} is not writable", there.display())
    } else {
        return None;
    };
    Some(Error::usage(format!("cannot make {what} at {}: {why}", folder.display())))
}

/// Resolves `..` and symbolic links in a path. The path, and the targets of links, need not exist.
#[must_use]
pub fn real_path(path: &Path) -> PathBuf {
    follow(path, &mut LINKS.clone())
}

fn follow(path: &Path, links: &mut u32) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut real = PathBuf::new();
    for part in whole.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = real.pop(),
            part => real.push(part),
        }
        if *links > 0
            && let Ok(target) = real.read_link()
        {
            *links -= 1;
            real.pop();
            real = follow(&real.join(target), links);
        }
    }
    real
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_path_is_followed_through_links_and_to_what_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        symlink("a/b", root.join("there")).unwrap();
        symlink(root.join("a/new"), root.join("nowhere")).unwrap();
        symlink("nowhere/more", root.join("twice")).unwrap();
        for (path, real) in [
            ("a/./b", "a/b"),
            ("there", "a/b"),
            ("there/../c", "a/c"),
            ("there/new/../d", "a/b/d"),
            ("nowhere/e", "a/new/e"),
            ("twice", "a/new/more"),
            ("gone/../a", "a"),
        ] {
            assert_eq!(real_path(&root.join(path)), root.join(real), "{path}");
        }
    }

    #[test]
    fn links_that_lead_to_one_another_come_to_an_end() {
        let folder = tempfile::tempdir().unwrap();
        symlink("b/x", folder.path().join("a")).unwrap();
        symlink("a/x/y", folder.path().join("b")).unwrap();
        symlink("itself", folder.path().join("itself")).unwrap();
        for name in ["a", "b", "itself"] {
            assert!(real_path(&folder.path().join(name)).is_absolute());
        }
    }

    #[test]
    fn only_what_is_inside_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (place, is_inside) in
            [("lake", true), ("lake/x/y", true), ("lakes", false), (".", false), ("lake/../out", false)]
        {
            assert_eq!(refuse_inside("the report", &at(place), &at("lake")).is_err(), is_inside, "{place}");
        }
    }
}
