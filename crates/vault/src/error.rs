//! Why a secret cannot be sealed or opened. Never says anything about its value.

use store::StoreError;
use thiserror::Error;

use crate::{FilesError, NoRandomness};

/// A failure of the vault.
#[derive(Debug, Error)]
pub enum VaultError {
    #[error(
        "`{place}` is sealed under the vault key `{key_id}`, which is not here; restore the file `vault-key` from a \
         backup, or give that key as `vault.previous`"
    )]
    MissingKey { place: String, key_id: String },
    #[error(
        "{secrets} stored secrets are sealed under vault keys that are not here: {}; restore the file `vault-key` from \
         a backup, or give these keys as `vault.previous`",
        listed(key_ids)
    )]
    MissingKeys { key_ids: Vec<String>, secrets: u64 },
    #[error(
        "`{place}` does not open: it was changed, or it was sealed in another place; store the secret again"
    )]
    Changed { place: String },
    #[error("`{place}` was sealed by a newer version of the gateway; start that version")]
    NewerFormat { place: String },
    #[error("`{place}` is not text; store the secret again")]
    NotText { place: String },
    #[error(
        "{left} secrets could not be sealed again, because others kept storing secrets under the old vault key; \
         rotate again"
    )]
    Unsettled { left: u64 },
    #[error("the vault key is being rotated already; wait until that is done")]
    Rotating,
    #[error("the cipher refused to encrypt; restart the gateway")]
    Encryption,
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

fn listed(key_ids: &[String]) -> String {
    let quoted: Vec<String> = key_ids.iter().map(|id| format!("`{id}`")).collect();
    quoted.join(", ")
}
