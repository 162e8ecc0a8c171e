//! The mirrors of a lake, which an erasure waits for: whoever was erased has to be gone there, too.

use tokio::runtime::Runtime;

use crate::lake::Lake;
use crate::lake::outputs::OutputKind;
use crate::mirror::catch_up;
use crate::model::{Error, Result};
use crate::objects::Objects;

/// Brings every mirror that was made of the lake to its version.
///
/// # Errors
/// When one of them is away, or cannot be changed; the others are brought up first.
pub fn bring_up(lake: &Lake) -> Result<()> {
    let mirrors: Vec<String> = lake
        .outputs()?
        .into_iter()
        .filter(|output| output.what == OutputKind::Mirror)
        .map(|output| output.path)
        .collect();
    if mirrors.is_empty() {
        return Ok(());
    }
    let runtime = runtime()?;
    let bring = |address: &String| {
        let objects = Objects::open("the mirror", address, runtime.handle().clone())?;
        catch_up(lake, &objects)
    };
    let ended: Vec<Result<()>> = mirrors.iter().map(bring).collect();
    ended.into_iter().collect::<Result<()>>().map_err(|error| {
        let hint = "the next command that writes to the lake goes on; a mirror that you gave up is forgotten with its file \
                    in `_roundup/outputs`";
        Error::failed(format!("all is erased here, but not yet in a mirror: {error}")).hint(hint)
    })
}

/// The threads that wait for an object store.
///
/// # Errors
/// When they cannot be started.
pub(super) fn runtime() -> Result<Runtime> {
    Runtime::new().map_err(|error| Error::failed(format!("cannot start threads: {error}")))
}
