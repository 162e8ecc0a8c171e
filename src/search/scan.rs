//! Row groups are searched on all threads, and what is found in them comes in the order of the lake.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use super::group::{GroupFound, GroupRequest, search};
use super::source::Source;
use crate::model::Result;

/// A row group of a file of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    pub source: usize,
    pub group: usize,
}

/// All row groups, in the order of the lake.
pub fn units(sources: &[Source]) -> Vec<Unit> {
    let groups =
        |(source, file): (usize, &Source)| (0..file.answers.row_groups()).map(move |group| Unit { source, group });
    sources.iter().enumerate().flat_map(groups).collect()
}

/// Searches row groups, and calls `take` with what is found in each, in their order, until it has enough.
///
/// # Errors
/// When a file cannot be read, or `take` fails.
pub fn scan(
    sources: &[Source],
    units: &[Unit],
    request: &GroupRequest,
    take: &mut dyn FnMut(Unit, GroupFound) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let (next, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let threads = rayon::current_num_threads();
    let (send, receive) = mpsc::sync_channel(2 * threads);
    rayon::in_place_scope(|scope| {
        for _ in 0..threads {
            let (send, next, is_over) = (send.clone(), &next, &is_over);
            scope.spawn(move |_| {
                while !is_over.load(Ordering::Relaxed) {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(unit) = units.get(at) else { break };
                    let found = search(&sources[unit.source], unit.group, request);
                    // Nobody listens any more once there is enough.
                    if send.send((at, found)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let outcome = in_order(units, receive, take);
        is_over.store(true, Ordering::Relaxed);
        outcome
    })
}

fn in_order(
    units: &[Unit],
    receive: mpsc::Receiver<(usize, Result<GroupFound>)>,
    take: &mut dyn FnMut(Unit, GroupFound) -> Result<ControlFlow<()>>,
) -> Result<()> {
    let mut early = BTreeMap::new();
    let mut due = 0;
    for (at, found) in receive {
        early.insert(at, found);
        while let Some(found) = early.remove(&due) {
            if take(units[due], found?)?.is_break() {
                return Ok(());
            }
            due += 1;
        }
    }
    Ok(())
}
