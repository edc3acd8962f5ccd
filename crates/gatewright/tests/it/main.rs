//! What a user of the gateway sees, from outside: the real binary, started as a person starts it, between a client and
//! a mock provider that refuses what the vendors refuse and misbehaves when it is asked to.
//! One module per promise. What all of them stand on is in `scene` (the processes), `talk` (requests and replies),
//! `books` (what was written down, over the admin API) and `program` (the command line).

#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a missing value is a failure")]

mod admin;
mod books;
mod program;
mod scene;
mod talk;

mod admin_access;
mod admin_api;
mod admin_bad_input;
mod admin_configuration;
mod admin_in_force;
mod admin_objects;
mod admin_sessions;
mod anonymous;
mod backups;
mod bad_bodies;
mod broken_replies;
mod broken_streams;
mod cli_configuration;
mod cli_doctor;
mod cli_objects;
mod cli_operations;

mod canary;
mod command_line;
mod connections;
mod count_tokens;
mod deadlines;
mod direct_models;
mod disconnects;
mod egress;
mod examples;
mod fallbacks;
mod forwarded;
mod healthcheck;
mod keys;
mod kills;
mod lame_duck;
mod models;
mod overload;
mod own_auth;
mod prices;
mod provider_refusals;
mod reload;
mod retries;
mod routes;
mod same_dialect;
mod secrets;
mod shares;
mod shutdown;
mod simulator;
mod start;
mod systemd;
mod tls;
mod traces;
mod translation;
mod unknown_models;
