//! What is said of an erasure: nobody's name and no id.

use std::collections::BTreeSet;

use crate::commands::terminal::counted;
use crate::lake::erase::{Erasing, Found, Receipt};

/// What an erasure would do, or was asked to do.
pub fn plan_on_screen(erasing: &Erasing) -> String {
    let Erasing { rows, keys, shared, found, .. } = erasing;
    let Found { places, files, bytes, objects, archives, reports, exports, sent_to } = found;
    let interviews = counted(rows.all().len() as u64, "interview", "interviews");
    let mut text = match keys.len() as u64 {
        0 => format!("erase      {interviews}\n"),
        count => format!("erase      {} with {interviews}\n", counted(count, "person", "persons")),
    };
    for (place, count) in places {
        text += &format!("           {count:>7}  {place}\n");
    }
    if *files > 0 {
        let kilobytes = bytes.div_ceil(1000);
        text += &format!("rewrite    {} of {kilobytes} kB\n", counted(*files, "file", "files"));
    }
    for archive in archives.iter().filter(|_| !objects.is_empty()) {
        text += &format!("archive    {archive}: {}\n", counted(objects.len() as u64, "recording", "recordings"));
    }
    text += &lines("reports    made anew, as they quote an answer:", reports);
    text += &lines("exports    left as they are; write them again, or delete them:", exports);
    if !shared.is_empty() {
        text += "address    shared with somebody who stays, so that it keeps nobody out\n";
    }
    text + &asked(sent_to)
}

/// What an erasure did.
pub fn receipt_on_screen(receipt: &Receipt) -> String {
    let Receipt { erasure_id, interviews, rows, files, recordings, reports_made_anew, reports_without_pages, .. } =
        receipt;
    let mut text = format!(
        "erased     {} with {} in {}; {}; erasure {erasure_id}\n",
        counted(*interviews, "interview", "interviews"),
        counted(*rows, "row", "rows"),
        counted(*files, "file", "files"),
        counted(*recordings, "recording", "recordings"),
    );
    if reports_made_anew + reports_without_pages > 0 {
        let anew = counted(*reports_made_anew, "report", "reports");
        text += &format!("reports    {anew} made anew, {reports_without_pages} left without pages\n");
    }
    if receipt.exports > 0 {
        let exports = counted(receipt.exports, "export lies", "exports lie");
        text += &format!("exports    {exports} elsewhere and may have them: write them again, or delete them\n");
    }
    text + &asked(&receipt.sent_to.iter().cloned().collect())
}

/// Who has to be asked.
fn asked(sent_to: &BTreeSet<String>) -> String {
    let systems = sent_to.iter().fold(String::new(), |all, system| all + ", " + system);
    format!("ask        the vendor{systems}: what they have is for them to erase, and roundup asks nobody\n")
}

fn lines(head: &str, paths: &BTreeSet<String>) -> String {
    if paths.is_empty() {
        return String::new();
    }
    paths.iter().fold(format!("{head}\n"), |all, path| all + &format!("           {path}\n"))
}
