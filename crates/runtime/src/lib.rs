//! Executors, tracked tasks, the shutdown token and the clock.
