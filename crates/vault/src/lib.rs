//! Secrets: the vault that seals them, references to them, keyed hashes of them, and the files that hold the gateway's
//! own.
//!
//! A secret enters the process here and leaves it as a [`domain::Secret`], sealed, or as a hash. Nothing in this crate
//! logs, and no error of it carries a value: only the name of a variable, the path of a file, or the id of a key.

mod core_dumps;
mod environment;
mod error;
pub mod files;
mod hash;
mod keyring;
mod mint;
mod place;
mod random;
mod reference;
mod rotate;
mod seal;
mod stable;
mod tail;
mod vault;

pub use core_dumps::forbid_core_dumps;
pub use environment::{Environment, file_reason};
pub use error::VaultError;
pub use files::{DataDir, FilesError};
pub use hash::{KeyHasher, looks_minted, same_secret};
pub use keyring::{NotAVaultKey, VaultKeys, parse_vault_key};
pub use mint::{Minted, mint, plausible};
pub use place::Place;
pub use random::{NoRandomness, fresh_id, fresh_token};
pub use reference::{ReferenceError, ReferenceProblem, Resolved, resolve};
pub use rotate::{Rotated, Unopened, check, rotate};
pub use stable::stable_id;
pub use tail::tail;
pub use vault::Vault;
