//! How object stores are reached: by what is in the environment, as their own tools read it.

/// Whether an environment variable is for an object store.
#[must_use]
pub fn is_credential(variable: &str) -> bool {
    ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|prefix| variable.starts_with(prefix))
}
