//! Keeps other files out of the lake. Whatever writes to a path that a user chose checks it here first.

use std::path::{Component, Path, PathBuf};

use crate::model::{Error, Result};

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
