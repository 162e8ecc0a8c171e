//! What each interview counts for: a person counts once in a group and once in all others, with their last interview.

use crate::model::last::last;

/// An interview with an answer that meets the filters.
#[derive(Debug, Clone)]
pub struct Interview {
    pub id: String,
    /// What is compared with the others: its job, or its period.
    pub group: u32,
    pub person: Person,
    /// In microseconds since 1970.
    pub settled_at: Option<i64>,
}

/// Whose interview it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Person {
    /// A candidate, by their key.
    Known(u128),
    /// Nobody knows: a person of their own, by the number of the interview.
    Unknown(u32),
}

/// What each interview counts for.
pub struct Standing {
    group: Vec<u32>,
    /// Whether it is its person's last in its group. Others count for nothing.
    in_group: Vec<bool>,
    /// Whether it is its person's last in any group.
    in_all: Vec<bool>,
    /// A group, if this is its person's last interview outside of it, though a later one is in it.
    outside_of: Vec<Option<u32>>,
}

/// Persons among some interviews: of each group, and of all others.
pub struct Persons {
    /// By group, in order: persons in it, and what the count of all has too many for the count of those outside of it.
    /// Groups that have none of the interviews are left out.
    groups: Vec<(u32, u64, i64)>,
    all: u64,
}

impl Standing {
    pub fn new(interviews: &[Interview]) -> Self {
        let is_later = |known: u32, row: u32| {
            let place = |row: u32| (interviews[row as usize].settled_at, &interviews[row as usize].id);
            place(known) < place(row)
        };
        let rows = || (0u32..).zip(interviews);
        let last_in_group = last(rows().map(|(row, interview)| ((interview.group, interview.person), row)), is_later);
        let last_in_all = last(rows().map(|(row, interview)| (interview.person, row)), is_later);
        let group_of_last = |interview: &Interview| interviews[last_in_all[&interview.person] as usize].group;
        let elsewhere = rows().filter(|(_, interview)| interview.group != group_of_last(interview));
        let last_elsewhere = last(elsewhere.map(|(row, interview)| (interview.person, row)), is_later);
        let mut standing = Self {
            group: interviews.iter().map(|interview| interview.group).collect(),
            in_group: vec![false; interviews.len()],
            in_all: vec![false; interviews.len()],
            outside_of: vec![None; interviews.len()],
        };
        last_in_group.into_values().for_each(|row| standing.in_group[row as usize] = true);
        last_in_all.values().for_each(|row| standing.in_all[*row as usize] = true);
        for row in last_elsewhere.into_values() {
            standing.outside_of[row as usize] = Some(group_of_last(&interviews[row as usize]));
        }
        standing
    }

    /// Whether an interview counts for anything.
    pub fn counts(&self, interview: u32) -> bool {
        self.in_group[interview as usize]
    }

    /// Whether an interview is the one with which its person counts among all.
    pub fn is_last(&self, interview: u32) -> bool {
        self.in_all[interview as usize]
    }

    /// Counts the persons of some interviews.
    pub fn persons(&self, interviews: impl Iterator<Item = u32>) -> Persons {
        let mut persons = Persons { groups: Vec::new(), all: 0 };
        for row in interviews.map(|interview| interview as usize) {
            persons.all += u64::from(self.in_all[row]);
            persons.groups.push((self.group[row], u64::from(self.in_group[row]), i64::from(self.in_all[row])));
            persons.groups.extend(self.outside_of[row].map(|other| (other, 0, -1)));
        }
        persons.groups.sort_unstable_by_key(|(group, ..)| *group);
        persons.groups.dedup_by(|next, sum| {
            let is_same = next.0 == sum.0;
            if is_same {
                *sum = (sum.0, sum.1 + next.1, sum.2 + next.2);
            }
            is_same
        });
        persons
    }

    /// The group that an interview is in.
    pub fn group(&self, interview: u32) -> u32 {
        self.group[interview as usize]
    }
}

impl Persons {
    /// For each group that has any of the interviews, persons in it and outside of it.
    pub fn by_group(&self) -> impl Iterator<Item = (u32, [u64; 2])> {
        self.groups.iter().map(|(group, here, inside)| (*group, [*here, self.all.saturating_add_signed(-inside)]))
    }

    /// Persons in each other group, of which there are none, and outside of it.
    pub fn elsewhere(&self) -> [u64; 2] {
        [0, self.all]
    }
}
