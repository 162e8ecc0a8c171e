//! All objects at an address.

use std::fs::File;
use std::path::PathBuf;

use rayon::prelude::*;

use super::needles::{Needles, Seen};
use super::packed::scan;
use super::tree::{Scanned, Sighted};
use crate::model::{Error, Result};
use crate::objects::{Listed, Objects};

/// Looks through all objects at an address, in parallel. Each is copied into a temporary file without a name, so that a
/// killed program leaves nothing of it.
///
/// # Errors
/// When they cannot be listed.
pub fn scan_objects(objects: &Objects, needles: &Needles) -> Result<Scanned> {
    let mut listed = objects.list("")?;
    listed.sort_by(|a, b| a.name.cmp(&b.name));
    let look = |Listed { name, .. }: Listed| {
        let named = needles.look(name.as_bytes());
        let looked = look_through(objects, &name, needles);
        (PathBuf::from(objects.address(&name)), named, looked)
    };
    let mut all = Scanned::default();
    for (path, Seen { mut texts, mut names, .. }, looked) in listed.into_par_iter().map(look).collect::<Vec<_>>() {
        match looked {
            Ok(Some(seen)) => {
                all.bytes += seen.bytes;
                texts += seen.texts;
                names += seen.names;
            }
            // Another program has deleted it since.
            Ok(None) => continue,
            Err(error) => all.unreadable.push((path.clone(), error.to_string())),
        }
        all.files += 1;
        if texts + names > 0 {
            all.sighted.push(Sighted { path, texts, names });
        }
    }
    Ok(all)
}

fn look_through(objects: &Objects, name: &str, needles: &Needles) -> Result<Option<Seen>> {
    let fail = |error: std::io::Error| Error::failed(format!("cannot look through {}: {error}", objects.address(name)));
    let file: File = tempfile::tempfile().map_err(fail)?;
    if !objects.copy_into(name, &file)? {
        return Ok(None);
    }
    scan(file, needles).map(Some).map_err(fail)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::memory::InMemory;

    use super::*;

    #[test]
    fn a_text_is_found_in_objects_and_in_what_is_packed_in_them() {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let objects = Objects::of(Arc::new(InMemory::new()), "memory://store", runtime.handle().clone());
        let packed = zstd::encode_all(&b"an id-7 in a page"[..], 3).unwrap();
        for (name, bytes) in [
            ("interviews/id-7/0.mp3", b"sound".to_vec()),
            ("delta/responses/a.zst", packed),
            ("log/0.json", b"nothing".to_vec()),
            ("log/1.zst", b"\x28\xb5\x2f\xfdnot whole".to_vec()),
        ] {
            objects.create(name, bytes.into()).unwrap();
        }
        let scanned = scan_objects(&objects, &Needles::new(["id-7"], [])).unwrap();
        let sighted: Vec<&str> = scanned.sighted.iter().map(|one| one.path.to_str().unwrap()).collect();
        assert_eq!(sighted, ["memory://store/delta/responses/a.zst", "memory://store/interviews/id-7/0.mp3"]);
        assert_eq!(scanned.files, 4);
        assert!(scanned.unreadable[0].0.ends_with("log/1.zst") && scanned.unreadable.len() == 1, "{scanned:?}");
    }
}
