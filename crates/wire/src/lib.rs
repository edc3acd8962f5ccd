//! Every foreign format as pure functions over bytes. No async, no clock, no randomness.
