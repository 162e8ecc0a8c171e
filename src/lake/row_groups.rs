//! Splits interviews into row groups, as large as possible, without splitting an interview.

use std::ops::Range;

use super::write::{ROW_GROUP_ROWS, ROW_GROUP_TRANSCRIPT_BYTES};

/// The size of an interview in a row group.
#[derive(Debug, Clone, Copy)]
pub struct InterviewSize {
    pub rows: usize,
    pub transcript_bytes: usize,
}

/// The interviews and rows of one row group, counted from the start of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowGroup {
    pub interviews: Range<usize>,
    pub rows: Range<usize>,
}

/// The row groups for interviews of these sizes, in order. A group ends before the first interview that does not fit.
pub fn row_groups(interviews: impl IntoIterator<Item = InterviewSize>) -> impl Iterator<Item = RowGroup> {
    let mut sizes = interviews.into_iter().peekable();
    let (mut interview, mut row) = (0, 0);
    std::iter::from_fn(move || {
        let InterviewSize { mut rows, mut transcript_bytes } = sizes.next()?;
        let mut count = 1;
        while let Some(next) = sizes.next_if(|next| {
            rows + next.rows <= ROW_GROUP_ROWS && transcript_bytes + next.transcript_bytes <= ROW_GROUP_TRANSCRIPT_BYTES
        }) {
            rows += next.rows;
            transcript_bytes += next.transcript_bytes;
            count += 1;
        }
        let group = RowGroup { interviews: interview..interview + count, rows: row..row + rows };
        (interview, row) = (group.interviews.end, group.rows.end);
        Some(group)
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn fits(interviews: &[InterviewSize]) -> bool {
        interviews.iter().map(|size| size.rows).sum::<usize>() <= ROW_GROUP_ROWS
            && interviews.iter().map(|size| size.transcript_bytes).sum::<usize>() <= ROW_GROUP_TRANSCRIPT_BYTES
    }

    fn size() -> impl Strategy<Value = InterviewSize> {
        // Also exactly as much as a group holds, half of it, and more.
        let rows = prop_oneof![0..20_usize, Just(ROW_GROUP_ROWS / 2), ROW_GROUP_ROWS - 1..ROW_GROUP_ROWS + 2];
        let most = ROW_GROUP_TRANSCRIPT_BYTES;
        let bytes = prop_oneof![0..100_usize, Just(most / 2), most - 1..most + 2];
        (rows, bytes).prop_map(|(rows, transcript_bytes)| InterviewSize { rows, transcript_bytes })
    }

    proptest! {
        #[test]
        fn groups_are_whole_interviews_and_as_many_as_fit(sizes in vec(size(), 0..30)) {
            let (mut interview, mut row) = (0, 0);
            for RowGroup { interviews, rows } in row_groups(sizes.iter().copied()) {
                prop_assert_eq!((interviews.start, rows.start), (interview, row));
                let group = &sizes[interviews.clone()];
                prop_assert!(group.len() == 1 || !group.is_empty() && fits(group));
                prop_assert!(interviews.end == sizes.len() || !fits(&sizes[interviews.start..=interviews.end]));
                prop_assert_eq!(rows.len(), group.iter().map(|size| size.rows).sum::<usize>());
                (interview, row) = (interviews.end, rows.end);
            }
            prop_assert_eq!(interview, sizes.len());
        }
    }
}
