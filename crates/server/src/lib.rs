//! The edges: model routes, the admin API, health. Turns HTTP into calls and errors into replies.
