use std::process::ExitCode;

/// Analysis frees and takes megabytes for every page of a file; the system's allocator returns them to the kernel in
/// between, which costs more than what is done with them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(roundup::commands::main())
}
