//! Tests of the store through its public face: the contract of each trait over every backend, and the journal.

#[cfg(test)]
mod backend;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod codec;
#[cfg(test)]
mod control;
#[cfg(test)]
mod journal;
#[cfg(test)]
mod journal_faults;
#[cfg(test)]
mod journal_kinds;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod ledger_sums;
#[cfg(test)]
mod records;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod trace_days;
#[cfg(test)]
mod traces;
