//! The names of links, and what they tell: where a file of the lake is in its Delta table.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

const SUFFIX: &str = ".parquet";

/// What a path in a Delta log is encoded for: a URL.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'=').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The folder of the Delta tables of a lake.
pub fn delta_folder(root: &Path) -> PathBuf {
    root.join("delta")
}

/// The name, below its Delta table, of the file that is at a place below its table since a version of the lake.
pub fn link_of(place: &str, version: u64) -> String {
    format!("{}-{version}{SUFFIX}", place.strip_suffix(SUFFIX).unwrap_or(place))
}

/// The place below its table of the file that a link stands for. `None` if it is no name of a link.
pub fn place_of(link: &str) -> Option<String> {
    let (place, version) = link.strip_suffix(SUFFIX)?.rsplit_once('-')?;
    version.parse::<u64>().ok()?;
    Some(format!("{place}{SUFFIX}"))
}

/// A link as its table's log names it.
pub fn encoded(link: &str) -> String {
    utf8_percent_encode(link, ENCODED).to_string()
}

/// The link that a log names. `None` if it is no path below the table.
pub fn decoded(path: &str) -> Option<String> {
    let link = percent_decode_str(path).decode_utf8().ok()?.into_owned();
    let is_below = Path::new(&link).components().all(|part| matches!(part, std::path::Component::Normal(_)));
    is_below.then_some(link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_back_to_its_place() {
        for place in ["a.parquet", "month=2026-05/20260501T000000000Z.parquet", "set=x/month=unknown/b-7.parquet"] {
            let link = link_of(place, 12);
            assert_eq!(place_of(&link).as_deref(), Some(place));
            assert_eq!(decoded(&encoded(&link)), Some(link));
        }
        assert_eq!(place_of("month=2026-05/a.parquet"), None);
        assert_eq!(decoded(&encoded("month=1/my file %é.parquet")).unwrap(), "month=1/my file %é.parquet");
        assert_eq!(decoded("../interviews/a-1.parquet"), None);
        assert_eq!(decoded("/a-1.parquet"), None);
    }
}
