//! Runs for the tests of this folder.

use std::collections::BTreeMap;

use aether_contract::*;

/// A run without an alert or steps.
pub fn run() -> RunbookRun {
    RunbookRun {
        id: "r".into(),
        stack: "s".into(),
        page: "own/../x".into(),
        title: "T".into(),
        alert: None,
        labels: BTreeMap::new(),
        created_by: "ann".into(),
        started_at: Timestamp(1_700_000_000_000),
        ended_at: None,
        notes: String::new(),
        drill: None,
        steps: Vec::new(),
    }
}

/// A step that failed.
pub fn step(number: u32) -> RunbookStepResult {
    RunbookStepResult {
        number,
        title: "Cold?".into(),
        query: "m".into(),
        expect: "< 30".into(),
        verdict: RunbookVerdict::Fail,
        value: Some(40.0),
        reason: String::new(),
        problem: String::new(),
        at: None,
        took_ms: None,
        figure: None,
    }
}
