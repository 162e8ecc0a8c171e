//! Metrics in the text format of Prometheus.

use std::fmt::Display;

/// Returns the text of one metric: its help, its type, and a line for each of its values. The labels of a value are
/// written as `{state="open"}` or are empty. `kind` is `gauge`, `counter` or `histogram`.
#[must_use]
pub fn metric<V: Display>(name: &str, kind: &str, help: &str, values: &[(String, V)]) -> String {
    let head = format!("# HELP roundup_{name} {help}\n# TYPE roundup_{name} {kind}\n");
    values.iter().fold(head, |text, (labels, value)| text + &format!("roundup_{name}{labels} {value}\n"))
}
