//! Points at which tests can crash the program, fill its disk, or stop it while another one goes on.

use std::cell::RefCell;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What a test does at every point that a thread comes to.
type Hook = Box<dyn FnMut(&str)>;

thread_local! {
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

/// Ends the process at once, as a power cut would, if `ROUNDUP_CRASH_AT` names this point. If `ROUNDUP_FULL_AT` does, every
/// write to a file fails from here on, as on a full disk; whoever asks for that has to have SIGXFSZ ignored. Only in debug
/// builds.
pub fn point(name: &str) {
    if !cfg!(debug_assertions) {
        return;
    }
    HOOK.with_borrow_mut(|hook| {
        if let Some(hook) = hook {
            hook(name);
        }
    });
    let is_named = |variable: &str| std::env::var_os(variable).is_some_and(|wanted| wanted == name);
    if is_named("ROUNDUP_CRASH_AT") {
        std::process::abort();
    }
    if is_named("ROUNDUP_FULL_AT") {
        let none = Rlimit { current: Some(0), maximum: getrlimit(Resource::Fsize).maximum };
        setrlimit(Resource::Fsize, none).expect("a limit can be lowered");
    }
}

/// Calls a function at every point that this thread comes to from now on. It may wait, and it may panic. Only in debug
/// builds.
pub fn at_points(hook: impl FnMut(&str) + 'static) {
    HOOK.set(Some(Box::new(hook)));
}
