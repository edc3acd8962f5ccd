//! The recorder through its public face.

#[cfg(test)]
mod disks;
#[cfg(test)]
mod display;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod recorder;
#[cfg(test)]
mod records;
#[cfg(test)]
mod spans;
#[cfg(test)]
mod waiting;
