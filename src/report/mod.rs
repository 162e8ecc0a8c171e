//! Reports: the figures of a period as a self-contained folder, with the same figures in every format.
//!
//! `frames` reads only the columns and rows that a report needs and turns every name into a number: interviews, jobs,
//! terms, questions and types are integers, so that 400,000 answers take some tens of megabytes and grouping is fast.
//! Transcripts are read in two cases only: when the figures of an answer cannot tell whether it is blank, and when it is
//! quoted. `aggregate` counts once for all formats. Counts of interviews are shown as they are. What was said is added up
//! of `atoms`, parts of enough persons each, and only whole atoms go into the model. `findings` says what needs a look, `evidence`
//! quotes.
//!
//! The [`model`] is final: exporters write it and compute nothing, so that no format can show a figure that another
//! does not. Candidates' words are in `Evidence`, apart from the figures, and only pages get it.
//!
//! `html` fills templates from the model and nothing else. The environment's one formatter escapes all text and makes
//! control characters visible, so that no template can forget to; only the pictures made by `charts` are markup. A
//! content security policy allows the style sheet and the scripts by their hashes and refuses everything else, including
//! style attributes: shades and bars are classes and shapes. The script sorts and searches what is on the page. The page
//! of all jobs also has an index of the rows on the other pages, and of nothing else, so a page without its script has
//! the same content. To stay light, a page shows the keywords and questions that most interviews have. Only keywords
//! with a row have quotes, and the target of every link is on the page.

mod again;
mod aggregate;
mod anchors;
mod atoms;
mod charts;
mod clear;
mod evidence;
mod export;
mod findings;
mod frames;
mod html;
#[cfg(test)]
mod lakes;
mod make;
pub mod model;
mod period;
mod plan_record;
mod provenance;
mod publish;
mod thin;

pub use self::again::{Again, make_anew, quoted_in};
pub use self::make::{WrittenReport, report};
pub use self::thin::advice;
