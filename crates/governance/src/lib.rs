//! Decisions as pure functions: who may call what, which target a call goes to, whether it is tried again, what it
//! costs. The time and every draw are arguments, so that each decision can be tested exhaustively.

pub mod access;
pub mod ledger;
pub mod plan;
pub mod pricing;
pub mod retry;
