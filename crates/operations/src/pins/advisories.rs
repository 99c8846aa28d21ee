//! What is known about versions: a dated table of the project, or a newer one that the operator has put beside
//! the settings. Information only.

use std::path::Path;

use aether_contract::{Advisory, AdvisoryKind};
use semver::{BuildMetadata, Prerelease, Version, VersionReq};
use serde::Deserialize;

use aether_foundation::files::read_limited;

const OWN: &str = include_str!("advisories.toml");
/// Its name in the panel's configuration folder.
pub const FILE: &str = "advisories.toml";
/// Largest such file, in bytes.
const MAX: u64 = 1024 * 1024;

/// A table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Its date, `YYYY-MM-DD`.
    pub date: String,
    #[serde(default)]
    advisories: Vec<Entry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    kind: AdvisoryKind,
    program: String,
    /// Ranges, any of which has it; none: every version.
    affected: Vec<VersionReq>,
    fixed: Vec<String>,
    title: String,
    #[serde(default)]
    note: String,
    date: String,
    source: String,
}

/// The table in force, and what has to be known about it.
pub fn table(config: &Path) -> (Table, Option<String>) {
    let own = read(OWN).unwrap_or_default();
    let path = config.join(FILE);
    let text = match read_limited(&path, MAX) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (own, None),
        Err(error) => return (own, Some(format!("Failed to read {}: {error}", path.display()))),
    };
    match read(&text) {
        Ok(newer) if newer.date > own.date => (newer, None),
        Ok(_) => {
            (own, Some(format!("{} is older than the bundled advisories and is ignored.", path.display())))
        }
        Err(why) => (own, Some(format!("{} is invalid and is ignored: {why}", path.display()))),
    }
}

fn read(text: &str) -> Result<Table, String> {
    let table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    let dated = |date: &str| date.parse::<jiff::civil::Date>().is_ok();
    if !dated(&table.date) {
        return Err("its date is not YYYY-MM-DD".to_owned());
    }
    for entry in &table.advisories {
        if !dated(&entry.date) {
            return Err(format!("{}: its date is not YYYY-MM-DD", entry.id));
        }
        // Shown as a link.
        if !entry.source.starts_with("https://") {
            return Err(format!("{}: its source is not an HTTPS address", entry.id));
        }
    }
    Ok(table)
}

impl Table {
    /// What is known about a program in a version; without a version what holds for all.
    pub fn of(&self, program: &str, version: Option<&str>) -> Vec<Advisory> {
        let version = version.and_then(parsed);
        let has = |entry: &&Entry| {
            entry.program == program
                && (entry.affected.is_empty()
                    || version
                        .as_ref()
                        .is_some_and(|version| entry.affected.iter().any(|range| range.matches(version))))
        };
        let shown = |entry: &Entry| Advisory {
            id: entry.id.clone(),
            kind: entry.kind,
            title: entry.title.clone(),
            note: entry.note.clone(),
            fixed: entry.fixed.clone(),
            date: entry.date.clone(),
            source: entry.source.clone(),
        };
        self.advisories.iter().filter(has).map(shown).collect()
    }
}

/// Compares `v2.54`, `2.54.1-distroless`, `11.2.0+security-01` as versions; none if it is not a version.
fn parsed(text: &str) -> Option<Version> {
    let bare = text.trim_start_matches('v').split(['-', '+', '_']).next()?;
    let mut parts = bare.split('.').map(|part| part.parse::<u64>().ok());
    let major = parts.next()??;
    let mut next = || parts.next().unwrap_or(Some(0));
    Some(Version {
        major,
        minor: next()?,
        patch: next()?,
        pre: Prerelease::EMPTY,
        build: BuildMetadata::EMPTY,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(program: &str, version: Option<&str>) -> Vec<String> {
        read(OWN).unwrap().of(program, version).into_iter().map(|one| one.id).collect()
    }

    #[test]
    fn the_table_is_whole_and_tells_what_concerns_the_packs_own_pins() {
        assert_eq!(ids("grafana", Some("11.2.0")), ["CVE-2024-9264", "Grafana 11"]);
        assert_eq!(ids("grafana", Some("11.3.1")), ["Grafana 11"]);
        assert_eq!(ids("grafana", Some("v12.1.0")), [""; 0]);
        assert_eq!(
            ids("prometheus", Some("v2.54.1")),
            ["CVE-2026-40179", "CVE-2026-42154", "CVE-2026-42151", "Prometheus 2"]
        );
        assert_eq!(ids("prometheus", Some("3.5.3")), [""; 0]);
        assert_eq!(ids("prometheus", Some("3.11.2")), ["CVE-2026-42154", "CVE-2026-42151"]);
        assert_eq!(ids("promtail", None), ["Promtail"]);
        assert_eq!(ids("prometheus", None), [""; 0]);
        assert_eq!(ids("prometheus", Some("main")), [""; 0]);
        for entry in read(OWN).unwrap().advisories {
            assert!(entry.title.ends_with('.') && entry.date <= read(OWN).unwrap().date, "{entry:?}");
        }
    }

    #[test]
    fn a_newer_table_takes_its_place_and_a_broken_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let put = |text: &str| std::fs::write(folder.path().join(FILE), text).unwrap();
        assert!(table(folder.path()).1.is_none());
        put("date = \"2099-01-01\"\n");
        let (newer, note) = table(folder.path());
        assert!(newer.date == "2099-01-01" && newer.advisories.is_empty() && note.is_none());
        put("date = \"2001-01-01\"\n");
        assert!(table(folder.path()).1.unwrap().contains("older"));
        put("date = \"2099-01-01\"\n[[advisories]]\nid = \"x\"\nkind = \"vulnerability\"\nprogram = \
                \"p\"\naffected = []\nfixed = []\ntitle = \"t.\"\ndate = \"2099-01-01\"\nsource = \
                \"javascript:alert(1)\"\n");
        assert!(table(folder.path()).1.unwrap().contains("HTTPS"));
        put("date = [");
        let (own, note) = table(folder.path());
        assert!(!own.advisories.is_empty() && note.unwrap().contains("is invalid and is ignored"));
    }
}
