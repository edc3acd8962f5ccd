//! Outbound HTTP: pools, TLS, egress guard, deadlines. The only crate with an HTTP client in it.
