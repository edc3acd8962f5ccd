//! Tests of the vault on a real data directory and a real store.

#[cfg(test)]
mod core_dumps;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod kills;
#[cfg(test)]
mod rotation;
#[cfg(test)]
mod scene;
