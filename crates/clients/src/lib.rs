//! Typed HTTP clients: one a server, no opinion.
//!
//! They know how each server's API speaks, how to authenticate, how long to wait and how much to read. They refuse to
//! decide: what an answer means for an operator is `aether-panel`'s business. Secrets go from [`Auth`] into a header;
//! they are in no `Debug` output and are cut out of every error text, even when a server echoes them.

pub mod alertmanager;
pub mod build_info;
mod connect;
pub mod docker;
mod endpoint;
mod error;
mod exposition;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod grafana;
mod http;
mod lenient;
pub mod link;
pub mod probe;
pub mod prometheus;
mod redact;
mod reply;
pub mod sensitive;
pub mod simulator;
mod time;
mod transport;

pub use alertmanager::Alertmanager;
pub use connect::is_loopback;
pub use docker::{Docker, DockerError, DockerFailure};
pub use endpoint::{Auth, Endpoint, TlsFiles};
pub use error::{ClientError, Failure};
pub use grafana::Grafana;
pub use http::Reply;
pub use prometheus::Prometheus;
pub use redact::Redactor;
pub use simulator::Simulator;
