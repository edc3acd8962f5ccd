//! The recorder: what happened is written behind the reply, in two lanes.
