//! One program for everything that crosses crates: linked once, and while one test waits for its servers another works.

mod common {
    pub mod backups;
    pub mod engine;
}

mod alerting;
mod archives;
mod backups;
mod checks;
mod credentials;
mod dashboards;
mod deploy;
mod docker;
mod drills;
mod elsewhere;
mod file_modes;
mod grafana_extras;
mod grafana_versions;
mod hostile;
mod hostile_archives;
mod hostile_backups;
mod hostile_prometheus;
mod house;
mod matching;
mod notifications;
mod on_call;
mod origins;
mod pins;
mod real_files;
mod real_servers;
mod reloads;
mod restores;
mod rules;
mod runbooks;
mod third_party;
mod trends;
#[cfg(target_os = "linux")]
mod window;
