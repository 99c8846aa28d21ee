//! The command line. A second start's is read by the first.

use clap::{Parser, ValueEnum};

/// AetherLink, the control panel of a monitoring stack.
///
/// AETHER_HOME moves configuration, data and logs below one folder; such a panel runs beside the usual one.
#[derive(Debug, Clone, Default, Parser)]
#[command(name = "aetherlink-panel", version)]
pub struct Args {
    /// Stack to show: its name, or a profile file
    #[arg(long, env = "AETHER_STACK", hide_env_values = true, value_name = "NAME|FILE")]
    pub stack: Option<String>,
    /// Screen to open
    #[arg(long, value_enum, value_name = "SCREEN")]
    pub screen: Option<Screen>,
}

/// Screens that can be asked for from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Screen {
    /// Gauges, services, alerts in brief
    Overview,
    /// The list of alerts
    Alerts,
    /// Maintenance windows and silences
    Maintenance,
    /// Stacks, endpoints, credentials
    Settings,
}

impl Screen {
    /// The name that the UI knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Alerts => "alerts",
            Self::Maintenance => "maintenance",
            Self::Settings => "settings",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn screens_are_named_as_the_ui_names_them() {
        Args::command().debug_assert();
        for screen in Screen::value_variants() {
            let args = Args::try_parse_from(["aetherlink-panel", "--screen", screen.name()]).unwrap();
            assert_eq!(args.screen, Some(*screen));
        }
        assert!(Args::try_parse_from(["aetherlink-panel", "--screen", "backups"]).is_err());
    }
}
