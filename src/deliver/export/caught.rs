//! Makes an error of a panic that stands for one: `rust_xlsxwriter` panics when it cannot write its temporary file, as on
//! a full disk.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether this thread is in [`caught`], which says itself what went wrong.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Does some work. If it panics with an error of the operating system, that error is returned, and nothing is printed.
/// What the work has changed must not be used after that, other than to drop it. Any other panic goes on.
///
/// # Errors
/// The system's error.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !(IS_CAUGHT.get() && system_error(panic.payload()).is_some()) {
                usual(panic);
            }
        }));
    });
    IS_CAUGHT.set(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(false);
    done.map_err(|panic| system_error(&*panic).unwrap_or_else(|| panic::resume_unwind(panic)))
}

/// The message of the operating system in a panic such as `could not: Os { code: 28, kind: …, message: "…" }`.
fn system_error(panic: &(dyn Any + Send)) -> Option<String> {
    let text = panic.downcast_ref::<String>()?;
    let (message, _) = text.split_once("Os {")?.1.split_once("message: \"")?.1.split_once('"')?;
    Some(message.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn only_a_panic_of_the_system_is_an_error() {
        assert_eq!(caught(|| 1), Ok(1));
        let full = || Err::<(), _>(io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error()));
        assert_eq!(caught(|| full().expect("can write")), Err("No space left on device".to_owned()));
        assert_eq!(caught(|| full().unwrap()), Err("No space left on device".to_owned()));
        let other = panic::catch_unwind(|| caught(|| panic!("a mistake")));
        assert_eq!(*other.unwrap_err().downcast_ref::<&str>().unwrap(), "a mistake");
    }
}
