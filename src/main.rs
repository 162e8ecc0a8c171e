use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(roundup::commands::main())
}
