//! One file and the stored rows become one immutable snapshot, or a list of diagnostics.
