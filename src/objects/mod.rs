//! Object stores: S3, Google Cloud Storage and Azure in a build with the feature `cloud`, and folders by their `file://`
//! address. Credentials come from the environment, as the stores' own tools read them. The only place that opens one.
//!
//! An object is created only if there is none of its name, in a single request, so that two programs at once do no harm.
//! The stores' client tries a call again when the store answers 503 or a connection breaks; a body that ends early is read
//! again here.

mod credentials;
mod folder;
mod memory;
mod open;
mod places;
mod store;

pub use credentials::is_credential;
pub use folder::sweep_folder;
pub use memory::UploadMemory;
pub use open::{address_of, open};
pub use places::Places;
pub use store::{Created, Listed, Objects, Uploaded};
