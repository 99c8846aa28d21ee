//! Builders for tests, of this crate and of those above.
#![allow(clippy::unwrap_used, reason = "only tests are built with it")]

use std::{collections::BTreeMap, fs, path::Path};

use aether_contract::{AlertRow, AlertState, FigureStyle, Timestamp};

use crate::matching::{fingerprint::fingerprint, severity};

/// A figure's style of one colour.
pub fn figure_style(width: u32, height: u32) -> FigureStyle {
    let colour = || "#336699".to_owned();
    FigureStyle {
        width,
        height,
        line: colour(),
        grid: colour(),
        text: colour(),
        warn: colour(),
        critical: colour(),
        ok: colour(),
        utc_offset_minutes: 0,
    }
}

/// A firing row with these labels.
pub fn row(labels: &[(&str, &str)]) -> AlertRow {
    let labels: BTreeMap<String, String> =
        labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    AlertRow {
        fingerprint: fingerprint(&labels),
        name: labels.get("alertname").cloned().unwrap_or_default(),
        severity: severity(labels.get("severity").map_or("", String::as_str)),
        state: AlertState::Firing,
        tenant: labels.get("tenant_id").cloned(),
        vip: false,
        annotations: BTreeMap::new(),
        since: Timestamp(1000),
        fires_at: None,
        value: None,
        value_text: String::new(),
        receivers: Vec::new(),
        silenced_by: Vec::new(),
        inhibited_by: Vec::new(),
        muted_receivers: Vec::new(),
        links: Vec::new(),
        delivered: true,
        members: 1,
        members_of: 1,
        escalates_at: None,
        ack: None,
        escalated: None,
        left_out: 0,
        labels,
    }
}

/// Runs a fuzz target on each of its seeds in `fuzz/seeds`.
pub fn run_seeds(name: &str, target: fn(&[u8])) {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(name);
    let mut count = 0;
    for entry in fs::read_dir(seeds).unwrap() {
        target(&fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 3, "{name} has only {count} seeds");
}
