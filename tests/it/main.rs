//! One binary for all integration tests, so that they link once. Each module tests a feature through the widest seam
//! that is still fast: the program itself against a real server on loopback, or the library where bytes matter.

mod api;
mod ats;
mod ats_again;
mod ats_answers;
mod audio;
mod audio_failures;
mod bad_input;
mod common;
mod crash;
mod documents;
mod export;
mod faults;
mod figures;
mod get;
mod import;
mod keywords;
mod kill;
mod listen;
mod listen_ingest;
mod listen_limits;
mod listen_then;
mod notify;
mod oracle;
mod quarantine;
mod replace;
mod report;
mod report_evidence;
mod report_figures;
mod report_privacy;
mod run;
mod run_export;
mod sandbox;
mod silence;
mod vendor_page;
mod wait;
