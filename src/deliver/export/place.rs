//! What is at the path that an export is written to.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::lake::outside::real_path;
use crate::model::folder_or_here;

/// How many symbolic links are followed, as in Linux.
const LINKS: u32 = 40;

/// The place of an export.
pub enum Place {
    /// A file, or nothing yet. Links are followed: the target is replaced, and not the link.
    File(PathBuf),
    /// What cannot be replaced and is written as it is: a pipe, a device, or an open file, as `/dev/fd/3`.
    Straight,
    /// The standard output of this process, as `/dev/stdout`.
    Stdout,
}

impl Place {
    #[must_use]
    pub fn of(path: &Path) -> Self {
        let is_other = path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir());
        match is_other || is_open_file(path) {
            false => Self::File(if path.is_symlink() { real_path(path) } else { path.to_owned() }),
            true if is_stdout(path).unwrap_or(false) => Self::Stdout,
            true => Self::Straight,
        }
    }
}

/// Whether a path leads to an open file of a process, as `/dev/stdout` and `/dev/fd/3` do. These are links too, but to
/// replace the file behind them would take it from whoever has it open.
fn is_open_file(path: &Path) -> bool {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        let folder = path.parent().map_or(Path::new("/"), folder_or_here);
        let Ok(folder) = folder.canonicalize() else { return false };
        if folder.starts_with("/proc") && folder.ends_with("fd") {
            return true;
        }
        let Ok(target) = path.read_link() else { return false };
        path = folder.join(target);
    }
    false
}

fn is_stdout(path: &Path) -> io::Result<bool> {
    let (there, own) = (path.metadata()?, rustix::fs::fstat(io::stdout())?);
    Ok((there.dev(), there.ino()) == (own.st_dev, own.st_ino))
}
