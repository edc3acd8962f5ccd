//! Secrets: references to them, keyed hashes of them, and the files that hold the gateway's own.
//!
//! A secret enters the process here and leaves it as a [`domain::Secret`] or a hash. Nothing in this crate logs, and
//! no error of it carries a value: only the name of a variable or the path of a file.

mod environment;
pub mod files;
mod hash;
mod random;
mod reference;
mod stable;

pub use environment::{Environment, file_reason};
pub use files::{DataDir, FilesError};
pub use hash::{KeyHasher, looks_minted, same_secret};
pub use random::{NoRandomness, fresh_token};
pub use reference::{ReferenceError, ReferenceProblem, Resolved, resolve};
pub use stable::stable_id;
