//! What a connector does on later runs: whom it sends, whom it asks for again, and whom it leaves in peace.

use crate::ats::{JANE, completed_emails, dead, ended, lake_with};
use crate::common::{Served, sample};
use roundup::round0::sandbox::AtsFault;

/// What is due, without a day, by a recipe.
fn plain(served: &Served, name: &str, code: i32) -> (String, String) {
    ended(served.ats_command(name).output().unwrap(), code)
}

#[test]
fn a_given_day_holds_for_its_call_alone() {
    let served = lake_with(&[], None);
    served.recipe("ashby", |text| text);
    plain(&served, "ashby", 0);
    served.ats("ashby", &[JANE], 0);
    served.ats("ashby", &["--job", "none-of-this-id"], 0);
    let (stdout, _) = plain(&served, "ashby", 0);
    assert!(stdout.contains("0 interviews to ashby in 0 requests"), "{stdout}");
    // The first run of a connector records the day that it is given.
    served.recipe("ashby", |text| text.replace("name = \"ashby\"", "name = \"another\""));
    served.ats("ashby", &["--job", "none-of-this-id"], 0);
    let before = served.notes().len();
    plain(&served, "ashby", 3);
    assert_eq!(served.notes().len() - before, completed_emails(usize::MAX).len());
}

#[test]
fn a_204_is_a_success_unless_something_is_asked_of_the_answer() {
    let served = lake_with(&[AtsFault::NoContent], Some(1));
    served.give_up_recordings();
    served.recipe("vendor-sample", |text| text);
    served.ats("vendor-sample", &[], 0);
    assert_eq!(served.notes().len(), 1);
    assert_eq!(served.status()["outbox"][0]["delivered"], 1);
    served.recipe("ashby", |text| text);
    served.ats("ashby", &[], 3);
    assert_eq!(dead(&served), ["add the note: answered 204 without what must be at /success"]);
}
