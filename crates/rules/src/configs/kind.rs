//! Determines the kind of a configuration file from its content. Pure.

use serde_json::Value;

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Prometheus' own.
    Prometheus,
    /// Rules of Prometheus'.
    Rules,
    /// Alertmanager's.
    Alertmanager,
    /// The Blackbox exporter's.
    Blackbox,
    /// Docker Compose's.
    Compose,
    /// A dashboard that Grafana reads from its file.
    Dashboard,
    /// Another file that Grafana reads at its start.
    Provisioning,
    /// A page of the runbooks; never told from a file's content.
    Runbook,
    /// Something else.
    Other,
}

impl Kind {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Prometheus => "Prometheus configuration",
            Self::Rules => "rules",
            Self::Alertmanager => "Alertmanager configuration",
            Self::Blackbox => "Blackbox exporter configuration",
            Self::Compose => "Compose file",
            Self::Dashboard => "dashboard file",
            Self::Provisioning => "Grafana provisioning file",
            Self::Runbook => "runbook",
            Self::Other => "other file",
        }
    }

    /// What has to happen after it was written, in a sentence; empty when the panel sees to it.
    pub fn afterwards(self) -> &'static str {
        match self {
            Self::Prometheus | Self::Rules | Self::Alertmanager | Self::Runbook => "",
            Self::Blackbox => "The Blackbox exporter loads it on reload (POST /-/reload) or restart.",
            Self::Compose => {
                "It takes effect with docker compose up -d. The panel does not start or stop containers."
            }
            Self::Dashboard => {
                "Grafana loads it automatically, at the updateIntervalSeconds of its provider."
            }
            Self::Provisioning => "Grafana loads it at startup.",
            Self::Other => "Reload the program that uses it.",
        }
    }
}

/// What a file is.
///
/// # Errors
/// In words: the syntax of the format that its name promises is broken.
pub fn kind(name: &str, text: &str) -> Result<Kind, String> {
    let lower = name.to_lowercase();
    if lower.ends_with(".json") {
        let value: Value = serde_json::from_str(text).map_err(|error| format!("invalid JSON: {error}"))?;
        let dashboard = value.get("panels").is_some_and(Value::is_array) && value.get("title").is_some();
        return Ok(if dashboard { Kind::Dashboard } else { Kind::Other });
    }
    if !lower.ends_with(".yml") && !lower.ends_with(".yaml") {
        return Ok(Kind::Other);
    }
    let value: Value = yaml_serde::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| format!("invalid YAML: {error}"))?;
    let has = |key: &str| value.get(key).is_some();
    Ok(if has("scrape_configs") || has("rule_files") {
        Kind::Prometheus
    } else if has("route") && has("receivers") {
        Kind::Alertmanager
    } else if value.get("groups").is_some_and(Value::is_array) && !has("apiVersion") {
        Kind::Rules
    } else if has("services") {
        Kind::Compose
    } else if has("modules") {
        Kind::Blackbox
    } else if has("apiVersion") {
        Kind::Provisioning
    } else {
        Kind::Other
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_pack_is_known() {
        let read = |name: &str| {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../monitoring/");
            kind(name, &std::fs::read_to_string(format!("{path}{name}")).unwrap()).unwrap()
        };
        assert_eq!(read("prometheus-config.yml"), Kind::Prometheus);
        assert_eq!(read("prometheus-alerts.yml"), Kind::Rules);
        assert_eq!(read("prometheus-recording-rules.yml"), Kind::Rules);
        assert_eq!(read("alertmanager.yml"), Kind::Alertmanager);
        assert_eq!(read("blackbox.yml"), Kind::Blackbox);
        assert_eq!(read("docker-compose.yml"), Kind::Compose);
        assert_eq!(read("grafana-dashboard-enhanced.json"), Kind::Dashboard);
        assert_eq!(read("grafana/provisioning/datasources/prometheus.yml"), Kind::Provisioning);
        assert_eq!(read("vip-tenants.txt"), Kind::Other);
    }

    #[test]
    fn a_broken_file_is_told_and_not_guessed() {
        assert!(kind("a.yml", "groups: [").unwrap_err().contains("invalid YAML"));
        assert!(kind("a.json", "{").unwrap_err().contains("invalid JSON"));
        assert_eq!(kind("a.yml", "").unwrap(), Kind::Other);
    }
}
