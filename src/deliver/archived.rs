//! The file of a recording in an archive, under the name that the table `audio` has for it.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

/// A recording in the folder of an archive. Others may have written the table, so its name is not trusted.
#[derive(Debug, Clone, Default)]
pub struct ArchivedFile {
    pub archive: PathBuf,
    /// Its name below the archive.
    pub object: String,
}

impl ArchivedFile {
    /// Opens the file.
    ///
    /// # Errors
    /// When it cannot be opened, or its name or a link leads out of the archive.
    pub fn open(&self) -> io::Result<File> {
        let outside = || io::Error::other("it is outside the archive");
        let is_below = |part: Component<'_>| matches!(part, Component::Normal(_));
        if !Path::new(&self.object).components().all(is_below) {
            return Err(outside());
        }
        // With every link followed.
        let path = self.archive.join(&self.object).canonicalize()?;
        if !path.starts_with(self.archive.canonicalize()?) {
            return Err(outside());
        }
        File::open(path)
    }
}

impl fmt::Display for ArchivedFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.archive.join(&self.object).display().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn nothing_outside_the_archive_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("archive");
        fs::create_dir_all(archive.join("interviews/a")).unwrap();
        fs::write(archive.join("interviews/a/q.mp3"), "ID3").unwrap();
        fs::write(folder.path().join("secret"), "secret").unwrap();
        symlink("a", archive.join("interviews/b")).unwrap();
        symlink("../../secret", archive.join("interviews/link")).unwrap();
        symlink("../..", archive.join("interviews/up")).unwrap();
        let absolute = folder.path().join("secret").display().to_string();
        let open = |object: &str| ArchivedFile { archive: archive.clone(), object: object.to_owned() }.open();
        for object in ["interviews/a/q.mp3", "interviews/b/q.mp3"] {
            assert!(open(object).is_ok(), "{object}");
        }
        for object in ["../secret", "interviews/../../secret", "interviews/link", "interviews/up/secret", &absolute] {
            assert_eq!(open(object).unwrap_err().to_string(), "it is outside the archive", "{object}");
        }
        assert_eq!(open("interviews/none.mp3").unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
