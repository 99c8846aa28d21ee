//! Real servers on free loopback ports, each in a folder of its own and ended with its value.

mod kinds;
mod process;

pub use kinds::{
    Alertmanager, AlertmanagerOptions, Blackbox, Prometheus, PrometheusOptions, VictoriaMetrics, VmAlert,
};
pub use process::{Server, find, free_port};
