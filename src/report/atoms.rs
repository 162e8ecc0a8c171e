//! Atoms: the parts of which figures of what was said are added up, so that each is of enough persons.
//!
//! The things that a figure is of lie in a grid of jobs and segments of time. The edges of the periods cut time into
//! regions, and each region is divided into atoms. A job with too few persons in a region is in one atom with others,
//! those with the fewest persons first. Each job, and these others as one, is then divided in time: into halves, and
//! those into halves, counted back from the end of the region, as long as either half is empty or has enough persons.
//! Whatever is shown is made of whole atoms, so that it has enough persons, and so has any difference of two.

use std::collections::HashSet;
use std::ops::Range;

/// Least number of persons in an atom.
pub const SMALLEST_GROUP: usize = 5;

/// Things by job and segment, in the order in which they came.
#[derive(Debug, Clone)]
pub struct Grid<T> {
    segments: usize,
    /// Where the things of each cell begin, and where the last ones end. The segments of a job follow one another.
    offsets: Vec<u32>,
    things: Vec<T>,
}

impl<T: Copy + Default> Grid<T> {
    pub fn new(jobs: usize, segments: usize, things: impl Iterator<Item = (u32, u32, T)> + Clone) -> Self {
        let cell = |job: u32, segment: u32| job as usize * segments + segment as usize;
        let mut offsets = vec![0; jobs * segments + 1];
        for (job, segment, _) in things.clone() {
            offsets[cell(job, segment) + 1] += 1;
        }
        for at in 1..offsets.len() {
            offsets[at] += offsets[at - 1];
        }
        let mut next = offsets.clone();
        let mut placed = vec![T::default(); offsets.last().copied().unwrap_or_default() as usize];
        for (job, segment, thing) in things {
            let place = &mut next[cell(job, segment)];
            placed[*place as usize] = thing;
            *place += 1;
        }
        Self { segments, offsets, things: placed }
    }
}

impl<T: Copy> Grid<T> {
    fn jobs(&self) -> usize {
        (self.offsets.len() - 1).checked_div(self.segments).unwrap_or(0)
    }

    /// The things of a job in some segments.
    pub fn of(&self, job: u32, segments: &Range<usize>) -> &[T] {
        let first = job as usize * self.segments;
        let [from, until] = [segments.start, segments.end].map(|segment| self.offsets[first + segment] as usize);
        &self.things[from..until]
    }

    /// The things in an atom.
    pub fn in_atom<'a>(&'a self, atom: &'a Atom) -> impl Iterator<Item = &'a T> {
        atom.jobs.iter().flat_map(|job| self.of(*job, &atom.segments))
    }
}

/// Some jobs in some segments of one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Atom {
    /// Numbers of the jobs, sorted: one, or several that are counted together.
    pub jobs: Vec<u32>,
    pub segments: Range<usize>,
    /// Whether it has enough persons. All jobs of a region together may have too few, and then nothing of it is shown.
    is_enough: bool,
}

/// The atoms of a figure. Each thing is in one of them.
#[derive(Debug, Clone)]
pub struct Atoms {
    atoms: Vec<Atom>,
    /// Indices of the atoms of each job.
    of_job: Vec<Vec<usize>>,
}

/// Atoms that lie wholly within some jobs and segments.
pub struct Union<'a> {
    pub atoms: Vec<&'a Atom>,
    /// Whether these are all things of the jobs in the segments.
    pub is_whole: bool,
    /// Whether an atom of these jobs is cut by an edge of the segments, or has too few persons.
    is_cut: bool,
}

impl Union<'_> {
    /// Whether figures of it may be shown. Those of several jobs are of the jobs that have atoms of their own; those of
    /// one job are of all of it.
    pub fn is_shown(&self, jobs: &[u32]) -> bool {
        !self.is_cut && (self.is_whole || jobs.len() > 1)
    }
}

impl Atoms {
    /// The atoms of those things that have a person. The others are in none.
    pub fn new<T: Copy>(things: &Grid<T>, regions: &[Range<usize>], person: impl Fn(&T) -> Option<u32>) -> Self {
        let persons = |jobs: &[u32], segments: &Range<usize>, most: usize| -> usize {
            distinct(jobs.iter().flat_map(|job| things.of(*job, segments)).filter_map(&person), most)
        };
        let mut atoms = Vec::new();
        for region in regions {
            for jobs in groups(things, region, &persons) {
                let mut blocks = Vec::new();
                let is_enough = persons(&jobs, region, SMALLEST_GROUP) >= SMALLEST_GROUP;
                if is_enough {
                    let of_block = |block: &Range<usize>| persons(&jobs, &segments_of(region, block), SMALLEST_GROUP);
                    halve(0..region.len().next_power_of_two(), &of_block, &mut blocks);
                } else {
                    blocks.push(0..region.len());
                }
                let atom = |block| Atom { jobs: jobs.clone(), segments: segments_of(region, &block), is_enough };
                atoms.extend(blocks.into_iter().map(atom));
            }
        }
        let mut of_job = vec![Vec::new(); things.jobs()];
        for (number, atom) in atoms.iter().enumerate() {
            atom.jobs.iter().for_each(|job| of_job[*job as usize].push(number));
        }
        Self { atoms, of_job }
    }

    /// The atoms within some jobs, whose numbers are sorted, and segments.
    pub fn within(&self, jobs: &[u32], segments: &Range<usize>) -> Union<'_> {
        let mut union = Union { atoms: Vec::new(), is_whole: true, is_cut: false };
        for (job, atom) in self.touching(jobs) {
            if atom.segments.end <= segments.start || segments.end <= atom.segments.start {
                continue;
            }
            let is_inside = segments.start <= atom.segments.start && atom.segments.end <= segments.end;
            union.is_cut |= !atom.is_enough || (!is_inside && atom.is_of(jobs));
            if !is_inside || !atom.is_of(jobs) {
                union.is_whole = false;
            } else if atom.jobs[0] == job {
                union.atoms.push(atom);
            }
        }
        union
    }

    /// The shortest runs of these weeks that cut through no atom of some jobs, whose numbers are sorted. Weeks come as
    /// the segments that they are made of, and runs as ranges of weeks.
    pub fn runs(&self, jobs: &[u32], weeks: &[Range<usize>]) -> Vec<Range<usize>> {
        let mut goes_on = vec![false; weeks.len()];
        for (_, atom) in self.touching(jobs).filter(|(_, atom)| atom.is_of(jobs)) {
            let first = weeks.partition_point(|week| week.end <= atom.segments.start);
            let last = weeks.partition_point(|week| week.start < atom.segments.end);
            goes_on[first..last.saturating_sub(1).max(first)].fill(true);
        }
        let mut runs = Vec::new();
        let mut from = 0;
        for (week, goes_on) in goes_on.into_iter().enumerate() {
            if !goes_on {
                runs.push(from..week + 1);
                from = week + 1;
            }
        }
        runs
    }

    /// The jobs that are counted together with `job` in some segments, itself among them; none if it is counted alone.
    pub fn counted_with(&self, job: u32, segments: &Range<usize>) -> &[u32] {
        let mut own = self.of_job[job as usize].iter().map(|number| &self.atoms[*number]);
        let shared = own.find(|atom| atom.jobs.len() > 1 && segments.contains(&atom.segments.start));
        shared.map_or(&[], |atom| &atom.jobs)
    }

    fn touching<'a, 'b>(&'a self, jobs: &'b [u32]) -> impl Iterator<Item = (u32, &'a Atom)> + use<'a, 'b> {
        jobs.iter().flat_map(|job| self.of_job[*job as usize].iter().map(|number| (*job, &self.atoms[*number])))
    }
}

impl Atom {
    /// Whether it has enough persons and all its jobs are among these.
    fn is_of(&self, jobs: &[u32]) -> bool {
        self.is_enough && self.jobs.iter().all(|job| jobs.binary_search(job).is_ok())
    }
}

/// Number of different persons, or `most` if there are more.
pub fn distinct(persons: impl Iterator<Item = u32>, most: usize) -> usize {
    let mut seen: HashSet<u32, foldhash::fast::FixedState> = HashSet::default();
    for person in persons {
        if seen.insert(person) && seen.len() >= most {
            break;
        }
    }
    seen.len()
}

/// The jobs of a region that are counted together: those with too few persons, and as many others, the smallest first,
/// as make them enough; then each other job alone. Jobs without anything are left out.
fn groups<T: Copy>(
    things: &Grid<T>,
    region: &Range<usize>,
    persons: &impl Fn(&[u32], &Range<usize>, usize) -> usize,
) -> Vec<Vec<u32>> {
    let jobs = (0u32..).take(things.jobs());
    let mut sizes: Vec<(usize, u32)> = jobs.map(|job| (persons(&[job], region, usize::MAX), job)).collect();
    sizes.retain(|(size, _)| *size > 0);
    sizes.sort_unstable();
    let smallest = |count: usize| {
        let mut jobs: Vec<u32> = sizes[..count].iter().map(|(_, job)| *job).collect();
        jobs.sort_unstable();
        jobs
    };
    let mut together = sizes.partition_point(|(size, _)| *size < SMALLEST_GROUP);
    while together > 0
        && together < sizes.len()
        && persons(&smallest(together), region, SMALLEST_GROUP) < SMALLEST_GROUP
    {
        together += 1;
    }
    let alone = sizes[together..].iter().map(|(_, job)| vec![*job]);
    std::iter::once(smallest(together)).filter(|jobs| !jobs.is_empty()).chain(alone).collect()
}

/// Divides a block, which counts back from the end of its region, into the smallest that are each of enough persons.
/// Those of nobody are left out.
fn halve(block: Range<usize>, persons: &impl Fn(&Range<usize>) -> usize, found: &mut Vec<Range<usize>>) {
    let middle = usize::midpoint(block.start, block.end);
    let halves = [block.start..middle, middle..block.end];
    let sizes = [persons(&halves[0]), persons(&halves[1])];
    if block.len() == 1 || sizes.iter().any(|size| (1..SMALLEST_GROUP).contains(size)) {
        found.push(block);
        return;
    }
    for (half, _) in halves.into_iter().zip(sizes).filter(|(_, size)| *size > 0) {
        halve(half, persons, found);
    }
}

/// The segments of a block.
fn segments_of(region: &Range<usize>, block: &Range<usize>) -> Range<usize> {
    let back = |from_end: usize| region.end.saturating_sub(from_end).max(region.start);
    back(block.end)..back(block.start)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Thing = (u32, u32, u32);

    fn grid(jobs: usize, segments: usize, things: &[Thing]) -> Grid<u32> {
        Grid::new(jobs, segments, things.iter().copied())
    }

    /// `edges` are those of the regions.
    fn atoms(jobs: usize, edges: &[usize], things: &[Thing]) -> Atoms {
        let regions: Vec<Range<usize>> = edges.windows(2).map(|pair| pair[0]..pair[1]).collect();
        Atoms::new(&grid(jobs, edges[edges.len() - 1], things), &regions, |person| Some(*person))
    }

    /// So many things of different persons in each segment of a job.
    fn of_job(job: u32, counts: &[u32]) -> Vec<Thing> {
        let cells = (0u32..).zip(counts);
        cells
            .flat_map(|(segment, count)| (0..*count).map(move |n| (job, segment, job * 10_000 + segment * 100 + n)))
            .collect()
    }

    fn shown(atoms: &Atoms) -> Vec<(Vec<u32>, Range<usize>, bool)> {
        atoms.atoms.iter().map(|atom| (atom.jobs.clone(), atom.segments.clone(), atom.is_enough)).collect()
    }

    #[test]
    fn weeks_of_few_are_counted_with_their_neighbours() {
        let all = atoms(1, &[0, 5], &of_job(0, &[9, 7, 3, 4, 6]));
        // Counted back from the end: (4, 3), (2, 1), (0).
        assert_eq!(shown(&all), [(vec![0], 3..5, true), (vec![0], 1..3, true), (vec![0], 0..1, true)]);
        assert_eq!(all.runs(&[0], &[0..1, 1..2, 2..3, 3..4, 4..5]), [0..1, 1..3, 3..5]);
    }

    #[test]
    fn weeks_of_nobody_are_counted_with_none() {
        let all = atoms(1, &[0, 4], &of_job(0, &[0, 8, 0, 8]));
        assert_eq!(shown(&all), [(vec![0], 3..4, true), (vec![0], 1..2, true)]);
        assert_eq!(all.runs(&[0], &[0..1, 1..2, 2..3, 3..4]).len(), 4);
    }

    #[test]
    fn no_atom_reaches_over_the_edge_of_a_period() {
        let all = atoms(1, &[0, 1, 2], &of_job(0, &[3, 8]));
        assert_eq!(shown(&all), [(vec![0], 0..1, false), (vec![0], 1..2, true)]);
    }

    #[test]
    fn small_jobs_are_counted_together_and_with_the_next_if_they_are_few() {
        let things = |counts: &[u32]| -> Vec<Thing> {
            (0u32..).zip(counts).flat_map(|(job, count)| of_job(job, &[*count])).collect()
        };
        let together = |counts: &[u32]| shown(&atoms(counts.len(), &[0, 1], &things(counts)))[0].clone();
        assert_eq!(together(&[30, 3, 12, 40]), (vec![1, 2], 0..1, true));
        assert_eq!(together(&[30, 3, 12, 2]), (vec![1, 3], 0..1, true));
        assert_eq!(together(&[30, 6, 12]), (vec![1], 0..1, true));
        assert_eq!(together(&[3]), (vec![0], 0..1, false));
        // One person of five jobs is one.
        let one: Vec<Thing> = (0..5).map(|job| (job, 0, 7)).collect();
        assert_eq!(shown(&atoms(5, &[0, 1], &one)), [((0..5).collect(), 0..1, false)]);
    }

    #[test]
    fn a_narrower_choice_of_jobs_has_those_atoms_that_are_its_own() {
        let things = [of_job(0, &[9]), of_job(1, &[3]), of_job(2, &[4]), of_job(3, &[8])].concat();
        let all = atoms(4, &[0, 1], &things);
        let of = |jobs: &[u32]| {
            let union = all.within(jobs, &(0..1));
            (union.atoms.iter().flat_map(|atom| atom.jobs.clone()).collect::<Vec<_>>(), union.is_whole)
        };
        assert_eq!(of(&[0, 1, 3]), (vec![0, 3], false));
        assert_eq!(of(&[1, 2, 3]), (vec![1, 2, 3], true));
        assert_eq!((of(&[1]), of(&[3])), ((vec![], false), (vec![3], true)));
        assert_eq!((all.counted_with(1, &(0..1)), all.counted_with(0, &(0..1))), (&[1, 2][..], &[][..]));
    }

    const JOBS: u32 = 6;
    const SEGMENTS: u32 = 9;

    proptest! {
        #[test]
        fn everything_is_in_one_atom_and_no_difference_is_of_few(
            things in prop::collection::vec((0..JOBS, 0..SEGMENTS, 0..60u32), 0..250),
            edges in prop::collection::btree_set(1..SEGMENTS as usize, 0..3),
            choices in prop::collection::vec((prop::collection::btree_set(0..JOBS, 1..6), 0..SEGMENTS as usize, 1..=SEGMENTS as usize), 2),
        ) {
            let edges: Vec<usize> = std::iter::once(0).chain(edges).chain([SEGMENTS as usize]).collect();
            let regions: Vec<Range<usize>> = edges.windows(2).map(|pair| pair[0]..pair[1]).collect();
            let all = atoms(JOBS as usize, &edges, &things);
            let grid = grid(JOBS as usize, SEGMENTS as usize, &things);
            prop_assert_eq!(all.atoms.iter().map(|atom| grid.in_atom(atom).count()).sum::<usize>(), things.len());
            for atom in &all.atoms {
                let persons: HashSet<u32> = grid.in_atom(atom).copied().collect();
                prop_assert_eq!(persons.len() >= SMALLEST_GROUP, atom.is_enough);
                prop_assert!(regions.iter().any(|region| region.start <= atom.segments.start && atom.segments.end <= region.end));
            }
            // Two unions, and what is in one of them only.
            let unions: Vec<Vec<&Atom>> = choices.iter().map(|(jobs, from, length)| {
                let jobs: Vec<u32> = jobs.iter().copied().collect();
                all.within(&jobs, &(*from..(from + length).min(SEGMENTS as usize))).atoms
            }).collect();
            let only: Vec<&&Atom> = unions[0].iter().filter(|atom| !unions[1].contains(atom)).collect();
            for some in [unions[0].iter().collect(), only] {
                let persons: HashSet<u32> = some.iter().flat_map(|atom| grid.in_atom(atom)).copied().collect();
                prop_assert!(some.is_empty() || persons.len() >= SMALLEST_GROUP);
            }
        }

        #[test]
        fn runs_of_weeks_cut_through_nothing(
            things in prop::collection::vec((0..JOBS, 0..SEGMENTS, 0..60u32), 0..250),
            jobs in prop::collection::btree_set(0..JOBS, 1..6),
        ) {
            let all = atoms(JOBS as usize, &[0, 4, 9], &things);
            let jobs: Vec<u32> = jobs.into_iter().collect();
            // The second week is cut by the edge of a period.
            let weeks = [0..3, 3..5, 5..6, 6..7, 7..8, 8..9];
            let runs = all.runs(&jobs, &weeks);
            prop_assert_eq!(runs.iter().map(ExactSizeIterator::len).sum::<usize>(), weeks.len());
            let own = |atom: &&Atom| atom.is_of(&jobs);
            let all_own = all.atoms.iter().filter(own).count();
            let in_runs: usize = runs
                .iter()
                .map(|run| all.within(&jobs, &(weeks[run.start].start..weeks[run.end - 1].end)).atoms.len())
                .sum();
            prop_assert_eq!(in_runs, all_own);
        }
    }
}
