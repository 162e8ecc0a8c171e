//! Interviews that several accounts have. Each is asked of the first, and of the next one if the API does not know it there.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

use super::account::Account;
use super::select::InterviewsDue;
use crate::pipeline::ids::drop_repeated;
use crate::round0::fetch::FetchTask;

/// The interviews that several accounts have: in their lists, or because of an event, or since the ledger follows them
/// there; and what is still to be asked. Accounts are known by their number.
#[derive(Default)]
pub struct SharedIds {
    /// For each interview, the accounts that were not asked yet, in order.
    others: HashMap<String, VecDeque<usize>>,
    /// For each account, what others do not know.
    passed_on: HashMap<usize, Vec<FetchTask>>,
}

impl SharedIds {
    /// Leaves each id in the list of the first account that has it and does not keep it out, and notes the others. An id
    /// that all of them keep out is left with the first, which records that.
    pub fn of(accounts: &mut [Account<'_>]) -> Self {
        let all = || accounts.iter().flat_map(|account| &account.ids);
        let mut seen = HashSet::with_capacity(all().count());
        let mut others: HashMap<String, VecDeque<usize>> =
            all().filter(|id| !seen.insert(*id)).map(|id| (id.clone(), VecDeque::new())).collect();
        for (number, account) in accounts.iter().enumerate() {
            for id in account.ids.iter().filter(|id| account.exclude.by_id(id).is_none()) {
                if let Some(accounts) = others.get_mut(id) {
                    accounts.push_back(number);
                }
            }
        }
        for Account { ids, exclude, .. } in accounts.iter_mut() {
            let is_of_others = |id: &String| others.get(id).is_some_and(|accounts| !accounts.is_empty());
            ids.retain(|id| !is_of_others(id) || exclude.by_id(id).is_none());
        }
        drop_repeated(accounts, |account| &mut account.ids, String::as_str);
        Self { others, passed_on: HashMap::new() }
    }

    /// Leaves each task with the first account that has it, and notes the others: those that an event calls on, or for
    /// which the ledger follows the interview.
    pub fn share_tasks(&mut self, due: &mut [InterviewsDue]) {
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (number, due) in due.iter().enumerate() {
            for task in &due.tasks {
                match first.entry(&task.id) {
                    Entry::Vacant(entry) => _ = entry.insert(number),
                    Entry::Occupied(entry) => {
                        self.add(&task.id, *entry.get());
                        self.add(&task.id, number);
                    }
                }
            }
        }
        drop_repeated(due, |due| &mut due.tasks, |task| &task.id);
    }

    /// Notes one more account that may be asked for an interview, in its place among the others.
    pub fn add(&mut self, id: &str, number: usize) {
        let others = self.others.entry(id.to_owned()).or_default();
        if let Err(place) = others.binary_search(&number) {
            others.insert(place, number);
        }
    }

    /// Passes an interview that an account does not know on to the next one. Returns whether there is one.
    pub fn pass_on(&mut self, number: usize, task: &FetchTask) -> bool {
        let Some(others) = self.others.get_mut(&*task.id) else { return false };
        others.retain(|other| *other != number);
        let Some(next) = others.pop_front() else { return false };
        self.passed_on.entry(next).or_default().push(task.clone());
        true
    }

    /// What is to be asked of an account now.
    pub fn take(&mut self, number: usize) -> Vec<FetchTask> {
        self.passed_on.remove(&number).unwrap_or_default()
    }

    /// How many interviews were passed on to accounts that had ended by then.
    pub fn left(&self) -> u64 {
        self.passed_on.values().map(|tasks| tasks.len() as u64).sum()
    }
}
