//! Which exports have somebody who is to be erased.

use std::collections::BTreeSet;
use std::path::Path;

use rayon::prelude::*;

use crate::lake::erase::{Erasing, ErasureKind};
use crate::lake::scan::{Needles, scan_file};

/// Those of some exports that have an id, a key or an address of an erasure, and those that cannot be looked through: one
/// that was moved may have it. What goes by age may be in each of them.
pub fn with_erased(exports: BTreeSet<String>, erasing: &Erasing) -> BTreeSet<String> {
    if erasing.kind == ErasureKind::Retain || exports.is_empty() {
        return exports;
    }
    let needles = Needles::new(erasing.texts_and_keys(), []);
    let may_have = |path: &String| scan_file(Path::new(path), &needles).map_or(true, |seen| seen.texts > 0);
    exports.into_par_iter().filter(may_have).collect()
}
