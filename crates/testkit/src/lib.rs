//! Mock providers that can trickle, stall, cut and lie; a running-gateway fixture. Only for tests.
