//! What changed of the chains: compared with what was seen last, and kept in the journal.

use std::collections::BTreeMap;

use aether_contract::{
    PanelError, PinChange, PinLinkKind, PinRow, PinsHistory, PinsHistoryRequest, PinsReport, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::image::short;
use crate::pins::Pins;
use aether_context::journal::Journal;

/// The journal's word for a change.
const CHANGE: &str = "pin-change";
/// The journal's word for what was seen last; its subject is the stack.
const SEEN: &str = "pin-seen";

/// What was seen of a chain. What could not be seen is none, and no change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Links {
    #[serde(default)]
    pin: Option<String>,
    #[serde(default)]
    compose: Option<String>,
    /// When the container was made, to the instant: a new one is another container.
    #[serde(default)]
    made: Option<String>,
    #[serde(default)]
    image: Option<String>,
    #[serde(default)]
    image_id: Option<String>,
    #[serde(default)]
    names: Option<String>,
    #[serde(default)]
    program: Option<String>,
}

impl Links {
    fn of(row: &PinRow) -> Self {
        let mut reported: Vec<&str> = row.reported.iter().map(|one| one.version.as_str()).collect();
        reported.sort_unstable();
        Self {
            pin: row.pinned.clone(),
            compose: row.compose.as_ref().and_then(|compose| compose.resolved.clone()),
            made: row.created.clone(),
            image: row.image.clone(),
            image_id: row.image_id.clone(),
            names: row.tag_image_id.clone(),
            program: (!reported.is_empty()).then(|| reported.join(", ")),
        }
    }

    /// What is known with what was seen now on top.
    fn with(&self, now: &Self) -> Self {
        let newer = |now: &Option<String>, before: &Option<String>| now.clone().or_else(|| before.clone());
        Self {
            pin: newer(&now.pin, &self.pin),
            compose: newer(&now.compose, &self.compose),
            made: newer(&now.made, &self.made),
            image: newer(&now.image, &self.image),
            image_id: newer(&now.image_id, &self.image_id),
            names: newer(&now.names, &self.names),
            program: newer(&now.program, &self.program),
        }
    }
}

/// The changes from one to the other. Pure.
fn changes(service: &str, before: &Links, now: &Links, at: Timestamp) -> Vec<PinChange> {
    let mut all = Vec::new();
    let mut add =
        |link, before: &Option<String>, after: &Option<String>, words: &dyn Fn(&str, &str) -> String| {
            if let (Some(before), Some(after)) = (before, after)
                && before != after
            {
                let words = words(before, after);
                let (service, before, after) = (service.to_owned(), before.clone(), after.clone());
                all.push(PinChange { at, service, link, before, after, words });
            }
        };
    add(PinLinkKind::Pin, &before.pin, &now.pin, &|a, b| {
        format!("Profile pin of {service} changed from {a} to {b}.")
    });
    add(PinLinkKind::Compose, &before.compose, &now.compose, &|a, b| {
        format!("Compose image of {service} changed from {a} to {b}.")
    });
    let image = now.image.clone().unwrap_or_default();
    add(PinLinkKind::Container, &before.made, &now.made, &|_, _| {
        format!("Container of {service} recreated with {image}.")
    });
    if before.made == now.made || before.made.is_none() || now.made.is_none() {
        add(PinLinkKind::Container, &before.image, &now.image, &|a, b| {
            format!("Container image of {service} changed from {a} to {b}.")
        });
    }
    add(PinLinkKind::Image, &before.names, &now.names, &|a, b| {
        format!("Image reference of {service} now resolves to {} (previously {}).", short(b), short(a))
    });
    add(PinLinkKind::Program, &before.program, &now.program, &|a, b| {
        format!("Reported version of {service} changed from {a} to {b}.")
    });
    all
}

/// Compares a look with the one before and keeps what changed. Of several processes that see the same, one
/// writes it down.
///
/// # Errors
/// `storage`.
pub async fn record(pins: &Pins, stack: &str, report: &PinsReport) -> Result<Vec<PinChange>, PanelError> {
    let now: BTreeMap<String, Links> =
        report.rows.iter().map(|row| (row.service.clone(), Links::of(row))).collect();
    let (stack, at) = (stack.to_owned(), report.at);
    pins.ctx.journaled(move |journal| keep(journal, &stack, &now, at)).await
}

fn keep(
    journal: &Journal,
    stack: &str,
    now: &BTreeMap<String, Links>,
    at: Timestamp,
) -> Result<Vec<PinChange>, PanelError> {
    let Some(entry) = journal.find(SEEN, stack)? else {
        journal.begin(SEEN, stack, &json!(now), at)?;
        return Ok(Vec::new());
    };
    let known: BTreeMap<String, Links> = serde_json::from_value(entry.detail.clone()).unwrap_or_default();
    let mut next = known.clone();
    let mut all = Vec::new();
    for (service, links) in now {
        let before = known.get(service).cloned().unwrap_or_default();
        all.extend(changes(service, &before, links, at));
        next.insert(service.clone(), before.with(links));
    }
    if next == known {
        return Ok(Vec::new());
    }
    if !journal.replace(entry.id, &entry.detail, &json!(next))? {
        // Another process recorded it first.
        return Ok(Vec::new());
    }
    for change in &all {
        let id = journal.begin(CHANGE, stack, &json!(change), at)?;
        journal.complete(id, "seen", &json!(null), at)?;
    }
    Ok(all)
}

/// Changes of a stack, the newest first.
///
/// # Errors
/// `invalid-request` for a limit out of range, `storage`.
pub async fn list(pins: &Pins, stack: &str, request: &PinsHistoryRequest) -> Result<PinsHistory, PanelError> {
    if !(1..=1000).contains(&request.limit) {
        let words = "limit must be 1 to 1000.";
        return Err(PanelError::new(aether_contract::ErrorCode::InvalidRequest, "pins_history", words));
    }
    let stack = stack.to_owned();
    // Of one service more have to be looked through.
    let most = if request.service.is_some() { 10_000 } else { request.limit };
    let entries = pins.ctx.journaled(move |journal| journal.about(CHANGE, &stack, most)).await?;
    let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
    let wanted =
        |change: &PinChange| request.service.as_ref().is_none_or(|service| *service == change.service);
    let changes =
        entries.into_iter().filter_map(|entry| serde_json::from_value(entry.detail).ok()).filter(wanted);
    Ok(PinsHistory { changes: changes.take(limit).collect() })
}

/// Puts the newest change of each service beside its row.
///
/// # Errors
/// `storage`.
pub async fn beside(pins: &Pins, stack: &str, report: &mut PinsReport) -> Result<(), PanelError> {
    let all = list(pins, stack, &PinsHistoryRequest { service: None, limit: 1000 }).await?.changes;
    for row in &mut report.rows {
        row.changed = all.iter().find(|change| change.service == row.service).cloned();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(image: &str, made: &str, program: Option<&str>) -> Links {
        Links {
            pin: Some("grafana/grafana:11.2.0".into()),
            made: Some(made.into()),
            image: Some(image.into()),
            program: program.map(str::to_owned),
            ..Links::default()
        }
    }

    fn journal() -> (tempfile::TempDir, Journal) {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.sqlite")).unwrap();
        (folder, journal)
    }

    fn look(journal: &Journal, links: Links, at: i64) -> Vec<String> {
        let now = BTreeMap::from([("grafana".to_owned(), links)]);
        keep(journal, "s", &now, Timestamp(at)).unwrap().into_iter().map(|change| change.words).collect()
    }

    #[test]
    fn every_change_of_a_link_is_kept_once_and_what_was_not_seen_is_none() {
        let (_folder, journal) = journal();
        let first = links("grafana/grafana:11.2.0", "2026-11-01T00:00:00Z", Some("11.2.0"));
        assert!(look(&journal, first.clone(), 1).is_empty(), "nothing to compare with");
        assert!(look(&journal, first.clone(), 2).is_empty());
        let gap = Links { made: None, image: None, program: None, ..first.clone() };
        assert!(look(&journal, gap, 3).is_empty(), "a gap is no change");
        let second = links("grafana/grafana:11.2.1", "2026-11-02T00:00:00Z", Some("11.2.1"));
        assert_eq!(
            look(&journal, second.clone(), 4),
            [
                "Container of grafana recreated with grafana/grafana:11.2.1.",
                "Reported version of grafana changed from 11.2.0 to 11.2.1."
            ]
        );
        assert!(look(&journal, second, 5).is_empty(), "told once");
        assert_eq!(look(&journal, first, 6).len(), 2, "and back again");
    }

    #[test]
    fn of_two_that_see_the_same_one_writes_it_down() {
        let (folder, one) = journal();
        let two = Journal::open(&folder.path().join("journal.sqlite")).unwrap();
        look(&one, links("a", "1", None), 1);
        let entry = two.find(SEEN, "s").unwrap().unwrap();
        assert_eq!(look(&one, links("b", "1", None), 2).len(), 1);
        assert!(!two.replace(entry.id, &entry.detail, &json!({})).unwrap(), "it has changed meanwhile");
        assert!(look(&two, links("b", "1", None), 3).is_empty());
        assert_eq!(two.about(CHANGE, "s", 10).unwrap().len(), 1);
    }
}
