//! Points at which tests can crash the program, or stop it while another one goes on.

use std::cell::RefCell;

/// What a test does at every point that a thread comes to.
type Hook = Box<dyn FnMut(&str)>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

/// Ends the process at once, as a power cut would, if `ROUNDUP_CRASH_AT` names this point. Only in debug builds.
pub fn point(name: &str) {
    if !cfg!(debug_assertions) {
        return;
    }
    HOOK.with_borrow_mut(|hook| {
        if let Some(hook) = hook {
            hook(name);
        }
    });
    if std::env::var_os("ROUNDUP_CRASH_AT").is_some_and(|wanted| wanted == name) {
        std::process::abort();
    }
}

/// Calls a function at every point that this thread comes to from now on. It may wait, and it may panic. Only in debug
/// builds.
pub fn at_points(hook: impl FnMut(&str) + 'static) {
    HOOK.set(Some(Box::new(hook)));
}
