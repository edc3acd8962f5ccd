//! What the tests stand on: mock providers that can trickle, stall, cut and lie and that refuse what the vendor
//! refuses, a fixture that runs the real gateway binary, and an HTTP client that can leave in the middle.
//! Nothing here is shipped; a fixture that cannot do its work panics, because that fails exactly the test it serves.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a fixture that cannot work must fail its test, loudly"
)]

pub mod certificates;
pub mod client;
pub mod gateway;
pub mod provider;

pub use certificates::{Authority, Pair};
pub use client::{Client, Raw, Reply};
pub use gateway::Gateway;
pub use provider::{Behaviour, MockProvider};
