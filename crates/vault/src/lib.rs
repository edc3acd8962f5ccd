//! Secrets: references, key hashing, the files that hold the gateway's own secrets.
