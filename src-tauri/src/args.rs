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
    /// Link to follow: aetherlink://alerts?filter=severity%3D%22critical%22
    #[arg(value_name = "LINK")]
    pub link: Option<String>,
}

/// Longest link that is followed, in bytes.
const MAX_LINK: usize = 16 * 1024;

/// Where in the panel somebody wants to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Screen.
    pub screen: Screen,
    /// What a link says beyond it, percent-encoded; may be empty.
    pub query: String,
}

impl Args {
    /// Where this start is to lead: a link goes before a screen. A link that leads nowhere is told, not followed.
    ///
    /// # Errors
    /// A sentence about the link.
    pub fn target(&self) -> Result<Option<Target>, String> {
        match &self.link {
            Some(link) => follow(link).map(Some),
            None => Ok(self.screen.map(|screen| Target { screen, query: String::new() })),
        }
    }
}

/// Reads a link. It can only show something: no link starts, ends or changes anything.
///
/// # Errors
/// A sentence about what is wrong with it.
pub fn follow(link: &str) -> Result<Target, String> {
    if link.len() > MAX_LINK {
        return Err("the link is too long".into());
    }
    let url = tauri::Url::parse(link.trim()).map_err(|_| "the link is invalid".to_owned())?;
    if url.scheme() != SCHEME {
        return Err(format!("only {SCHEME}:// links are supported"));
    }
    // Browsers make `aetherlink://alerts/` of `aetherlink://alerts`.
    let name = url.host_str().unwrap_or_default().to_ascii_lowercase();
    if !matches!(url.path(), "" | "/") {
        return Err("the link has no screen".into());
    }
    let screen = Screen::from_str(&name, false).map_err(|_| format!("unknown screen \"{name:.40}\""))?;
    Ok(Target { screen, query: url.query().unwrap_or_default().to_owned() })
}

/// The scheme of links into the panel.
pub const SCHEME: &str = "aetherlink";

/// Screens that can be asked for from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Screen {
    /// Gauges, services, alerts in brief
    Overview,
    /// The list of alerts
    Alerts,
    /// Maintenance windows and silences
    Maintenance,
    /// Backups and restores
    Backups,
    /// Version pins and what runs
    Versions,
    /// Rules and their guards
    Rules,
    /// Service levels
    Slos,
    /// Runbooks
    Runbooks,
    /// Checks before and after a deploy
    Checks,
    /// Stacks, endpoints, credentials
    Settings,
}

impl Screen {
    /// The name that the UI knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Backups => "backups",
            Self::Versions => "versions",
            Self::Rules => "rules",
            Self::Slos => "slos",
            Self::Runbooks => "runbooks",
            Self::Checks => "checks",
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
    fn a_link_leads_to_a_screen_with_what_it_asks_for() {
        let found = follow("aetherlink://alerts?filter=severity%3D%22critical%22&state=firing").unwrap();
        assert_eq!(found.screen, Screen::Alerts);
        assert_eq!(found.query, "filter=severity%3D%22critical%22&state=firing");
        assert_eq!(follow("aetherlink://Maintenance/").unwrap().screen, Screen::Maintenance);
        let odd = follow("aetherlink://alerts?filter=\"><script>#x").unwrap();
        assert_eq!(odd.query, "filter=%22%3E%3Cscript%3E", "whatever it holds, it stays a query");
        for wrong in [
            "https://alerts",
            "aetherlink:alerts",
            "aetherlink://",
            "aetherlink://shell",
            "aetherlink://alerts/x",
            "x",
        ] {
            assert!(follow(wrong).is_err(), "{wrong}");
        }
        assert!(follow(&format!("aetherlink://alerts?{}", "a".repeat(MAX_LINK))).is_err());
    }

    #[test]
    fn a_link_goes_before_a_screen() {
        let args = |list: &[&str]| Args::try_parse_from([&["aetherlink-panel"], list].concat()).unwrap();
        let target = args(&["--screen", "settings", "aetherlink://alerts"]).target().unwrap().unwrap();
        assert_eq!(target.screen, Screen::Alerts);
        assert_eq!(args(&["--screen", "settings"]).target().unwrap().unwrap().screen, Screen::Settings);
        assert_eq!(args(&[]).target(), Ok(None));
        assert!(args(&["aetherlink://nowhere"]).target().is_err());
    }

    #[test]
    fn installers_register_the_scheme_that_is_followed() {
        let text = include_str!("../tauri.conf.json");
        let config: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(config["plugins"]["deep-link"]["desktop"]["schemes"], serde_json::json!([SCHEME]));
        // Without a field for it a desktop would start the program and keep the link to itself.
        let entry = include_str!("../linux/aetherlink.desktop");
        assert!(entry.contains("Exec={{exec}} %u") && entry.contains("MimeType={{mime_type}}"));
        for kind in ["deb", "rpm"] {
            assert_eq!(config["bundle"]["linux"][kind]["desktopTemplate"], "linux/aetherlink.desktop");
        }
    }

    #[test]
    fn screens_are_named_as_the_ui_names_them() {
        Args::command().debug_assert();
        for screen in Screen::value_variants() {
            let args = Args::try_parse_from(["aetherlink-panel", "--screen", screen.name()]).unwrap();
            assert_eq!(args.screen, Some(*screen));
        }
        assert!(Args::try_parse_from(["aetherlink-panel", "--screen", "nowhere"]).is_err());
    }
}
