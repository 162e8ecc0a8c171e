//! Tests the window: shared by programs, read from files of any age, whatever the wall clock shows.

use proptest::prelude::*;

use super::*;

const LENGTH: Micros = 1_000_000;
const MINUTE: Micros = 60_000_000;
const YEAR: Micros = 365 * 24 * 60 * MINUTE;
const HERE: Epoch = Epoch { boot: 7, began: 1_800_000_000_000_000 };

/// Steps of two programs that use a window: which program acts, how much later, and whether it sends or gets an
/// answer.
fn steps() -> impl Strategy<Value = Vec<(bool, Micros, bool)>> {
    prop::collection::vec((any::<bool>(), 0..400_000_i64, any::<bool>()), 1..120)
}

proptest! {
    /// Two programs that share a file know at every moment what a single program knows that does everything itself.
    #[test]
    fn a_shared_window_is_one_window(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/window");
        let mut now = 1_800_000_000_000_000;
        let open = |now| Window::shared(LENGTH, &path, HERE, now).unwrap();
        let mut shared = [open(now), open(now)];
        let mut alone = Window::in_memory(LENGTH);
        let mut in_flight = [Vec::new(), Vec::new()];
        for (which, pause, sends) in steps {
            now += 1 + pause;
            let which = usize::from(which);
            let window = &mut shared[which];
            window.lock(now).unwrap();
            prop_assert_eq!(window.used(now), alone.used(now));
            prop_assert_eq!(window.free_at(1, now), alone.free_at(1, now));
            prop_assert_eq!(window.sent_between(now - LENGTH, now), alone.sent_between(now - LENGTH, now));
            prop_assert_eq!(window.dropped(now - LENGTH / 2, now), alone.dropped(now - LENGTH / 2, now));
            prop_assert_eq!(window.last_due, alone.last_due);
            if sends {
                in_flight[which].push((window.send(now, now).unwrap(), alone.send(now, now).unwrap()));
            }
            window.unlock().unwrap();
            if !sends && let Some((here, there)) = in_flight[which].pop() {
                window.answered(here, now).unwrap();
                alone.answered(there, now).unwrap();
            }
        }
    }
}

#[test]
fn what_a_killed_program_had_under_way_counts_for_a_length_from_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window");
    let now = 1_800_000_000_000_000;
    let mut window = Window::shared(LENGTH, &path, HERE, now).unwrap();
    window.send(now, now).unwrap();
    window.hold_until(now + 7).unwrap();
    // The same process opens it again, like a new process that has the id of the killed one.
    let mut next = Window::shared(LENGTH, &path, HERE, now + 10).unwrap();
    next.lock(now + 10).unwrap();
    assert_eq!((next.used(now + 10), next.used(now + 10 + LENGTH)), (1, 0));
    assert_eq!(next.not_before, now + 7);
}

#[test]
fn a_file_of_something_else_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window");
    fs::write(&path, "x".repeat(100)).unwrap();
    let mut window = Window::shared(LENGTH, &path, HERE, 5).unwrap();
    assert_eq!(window.used(5), 0);
    window.send(5, 5).unwrap();
    let other = Window::shared(LENGTH, &path, HERE, 6).unwrap();
    assert_eq!(other.used(6), 1);
}

/// What a window holds: used requests, when one is free, and the two times of the header.
fn state(window: &Window, now: Micros) -> (usize, Option<Micros>, Micros, Micros) {
    (window.used(now), window.free_at(1, now), window.not_before, window.last_due)
}

#[test]
fn a_wall_clock_that_is_set_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window");
    let now = 500 * MINUTE;
    let mut first = Window::shared(LENGTH, &path, HERE, now).unwrap();
    let slot = first.send(now, now).unwrap();
    first.answered(slot, now + 3).unwrap();
    first.hold_until(now + MINUTE).unwrap();
    for set in [-YEAR, -MINUTE, MINUTE, YEAR] {
        let epoch = Epoch { began: HERE.began + set, ..HERE };
        let later = Window::shared(LENGTH, &path, epoch, now + 5).unwrap();
        assert_eq!(state(&later, now + 5), (1, Some(now + 3 + LENGTH), now + MINUTE, now), "{set}");
    }
}

#[test]
fn after_a_restart_of_the_machine_the_wall_clock_tells_how_old_times_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window");
    let now = 500 * MINUTE;
    let mut first = Window::shared(LENGTH, &path, HERE, now).unwrap();
    let slot = first.send(now, now).unwrap();
    first.answered(slot, now + 3).unwrap();
    first.hold_until(now + MINUTE).unwrap();
    // Half a window's length later by the wall clock, which the restarted machine counts from 400 minutes later.
    let restarted = Epoch { boot: 8, began: HERE.began + 400 * MINUTE };
    let (then, moved) = (now + LENGTH / 2 - 400 * MINUTE, 400 * MINUTE);
    let expected = (1, Some(now + 3 + LENGTH - moved), now + MINUTE - moved, now - moved);
    for _ in 0..2 {
        let later = Window::shared(LENGTH, &path, restarted, then).unwrap();
        assert_eq!(state(&later, then), expected, "also once it was written anew");
    }
}

/// Writes a file as earlier versions did: a pause, a last due time and requests, all by the wall clock.
fn write_earlier(path: &Path, not_before: Micros, last_due: Micros, requests: &[(Micros, Micros)]) {
    let header = [MAGIC, not_before, last_due, 100, 0, 0];
    let slots = requests.iter().flat_map(|(sent, answered)| [*sent, *answered, 1]);
    let bytes: Vec<u8> = header.into_iter().chain(slots).flat_map(i64::to_le_bytes).collect();
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_file_of_an_earlier_version_is_read_by_the_wall_clock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window");
    let (now, wall) = (500 * MINUTE, HERE.began + 500 * MINUTE);
    write_earlier(&path, wall + MINUTE, wall - 9, &[(wall - 8, wall - 7), (wall - YEAR, wall - YEAR)]);
    let window = Window::shared(LENGTH, &path, HERE, now).unwrap();
    assert_eq!(state(&window, now), (1, Some(now - 7 + LENGTH), now + MINUTE, now - 9));
    assert_eq!(window.limit, Some(100));
}

proptest! {
    /// Whatever a file holds, nothing in it counts for longer than it can, and a request whose time cannot be true
    /// counts as one that was just sent.
    #[test]
    fn times_that_cannot_be_true_hold_nothing_back(
        times in prop::collection::vec(
            prop_oneof![any::<i64>(), -2 * YEAR..2 * YEAR, -LENGTH..LENGTH * 3, Just(0)], 2..40,
        ),
        boot in prop_oneof![Just(0), Just(HERE.boot), Just(8)],
        set in prop_oneof![any::<i64>(), -YEAR..YEAR, Just(0)],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("window");
        let now = 500 * MINUTE;
        let began = HERE.began.saturating_add(set);
        let at = |time: &i64| now.saturating_add(*time);
        let slots = times[2..].iter().flat_map(|time| [at(time), at(time), 1]);
        let header = [MAGIC, at(&times[0]), at(&times[1]), 100, boot, began];
        let bytes: Vec<u8> = header.into_iter().chain(slots).flat_map(i64::to_le_bytes).collect();
        fs::write(&path, bytes).unwrap();
        let window = Window::shared(LENGTH, &path, HERE, now).unwrap();
        let second = 1_000_000;
        prop_assert!(window.not_before <= now + micros(LONGEST) + second, "{}", window.not_before);
        prop_assert!(window.last_due <= now + second);
        prop_assert_eq!(window.used(now + second + LENGTH), 0);
        if boot == HERE.boot {
            let counts = times[2..].iter().filter(|time| **time > -LENGTH && at(time) != 0).count();
            prop_assert_eq!(window.used(now), counts);
        }
        let again = Window::shared(LENGTH, &path, HERE, now).unwrap();
        prop_assert_eq!(state(&again, now), state(&window, now));
    }
}
