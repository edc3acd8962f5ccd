//! What is kept, by access pattern, and the backends that keep it. The only crate with SQL in it.
