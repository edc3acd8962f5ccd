//! The golden cases of `golden/`, the laws that hold for every one of them, and what no bytes may do.
//!
//! `UPDATE_GOLDENS=1` writes the outputs anew instead of comparing them; review the difference like code.

#![expect(clippy::unwrap_used, clippy::panic, reason = "this crate is a test")]

mod cases;
mod fuzz;
mod goldens;
mod laws;
mod requests;
