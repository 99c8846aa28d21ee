//! The Panel against real servers, and against servers that misbehave.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail at once")]

mod cases;
mod closeout;
mod cluster;
mod gauges;
mod hostile;
mod maintenance;
mod odd;
mod schedule;
mod support;
