//! The pages that come with the panel, as they stand in `docs/`.

/// Name and text of a page.
pub type Text = (&'static str, &'static str);

macro_rules! pages {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../../docs/", $folder, $name, ".md")))),*]
    };
}

/// Runbooks.
pub const RUNBOOKS: &[Text] = pages!(
    "runbooks/":
    "CacheEffectivenessDrop",
    "CacheEffectivenessDropVIP",
    "CostAbove200",
    "HealthBelow40",
    "HealthScoreDegradation",
    "LowConfidenceSpike",
    "LowConfidenceSpikeVIP",
    "MonitoringServiceDown",
    "NoRecentTraffic",
    "RerankUtilizationCritical",
    "RerankUtilizationHigh",
    "triage",
);

/// Documents for reading.
pub const DOCUMENTS: &[Text] = pages!("": "ON_CALL_RUNBOOK", "SLO_TUNING", "RELIABILITY_PACK");

/// How runbooks are written.
pub const FORM: Text = ("README", include_str!("../../../../docs/runbooks/README.md"));

/// The page that fits any alert.
pub const GENERIC: &str = "triage";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runbook_of_the_project_comes_with_the_panel() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/runbooks");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".md").map(str::to_owned))
            .collect();
        names.sort();
        let mut embedded: Vec<&str> = RUNBOOKS.iter().chain([&FORM]).map(|(name, _)| *name).collect();
        embedded.sort_unstable();
        assert_eq!(names, embedded);
        assert!(RUNBOOKS.iter().any(|(name, _)| *name == GENERIC));
    }
}
