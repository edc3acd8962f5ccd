//! People who are logged in.

/// A session of the admin pages. Only the hash of what the browser holds is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub hash: [u8; 32],
    /// Who it is, as the audit log says it.
    pub actor: String,
    pub created_at_ms: i64,
    pub expires_at_ms: i64,
}
