//! What dashboards need of the Grafana that they are restored into: data sources and panel plugins. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aether_contract::{DataSourceUse, ErrorCode, PanelError, RestoreItem, RestoreRequest};
use serde_json::Value;

use super::target::Target;
use crate::{dashboard::references, reader::StoredDashboard};

/// The request's mapping, from what the dashboards name to uids that Grafana has.
///
/// # Errors
/// `invalid-request` for an entry that no chosen dashboard uses, and for a data source that Grafana has not: a typing
/// error would otherwise pass without a word.
pub fn mapping(
    chosen: &[StoredDashboard],
    target: &Target,
    request: &RestoreRequest,
) -> Result<BTreeMap<String, String>, PanelError> {
    let refuse = |words: String, hint: String| {
        Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words).with_hint(hint))
    };
    let mut mapping = BTreeMap::new();
    if request.data_sources.is_empty() {
        return Ok(mapping);
    }
    let values =
        chosen.iter().filter_map(|stored| serde_json::from_str(stored.dashboard.as_ref()?.get()).ok());
    let used: BTreeSet<String> =
        values.flat_map(|value: Value| references::data_sources(&value).into_keys()).collect();
    for (from, to) in &request.data_sources {
        let single = BTreeMap::from([(from.clone(), to.clone())]);
        if !used.iter().any(|used| references::mapped(&single, used).is_some()) {
            let named: Vec<&str> = used.iter().map(String::as_str).collect();
            let hint = match named.as_slice() {
                [] => "They name no data source.".to_owned(),
                named => format!("They use: {}.", named.join(", ")),
            };
            return refuse(format!("None of the selected dashboards uses data source {from:?}."), hint);
        }
        let uid = match &target.data_sources {
            None => to.clone(),
            Some(known) => {
                let found = known.iter().find(|source| source.uid == *to);
                let Some(found) = found.or_else(|| known.iter().find(|source| source.name == *to)) else {
                    let named: Vec<&str> = known.iter().map(|source| source.uid.as_str()).collect();
                    return refuse(
                        format!("Grafana has no data source with UID or name {to:?}."),
                        format!("It has: {}.", named.join(", ")),
                    );
                };
                found.uid.clone()
            }
        };
        mapping.insert(from.clone(), uid);
    }
    Ok(mapping)
}

/// The data sources that a dashboard names, and whether it will find them.
pub fn sources(value: &Value, target: &Target, mapping: &BTreeMap<String, String>) -> Vec<DataSourceUse> {
    let known = target.data_sources.as_deref().unwrap_or_default();
    let has = |source: &str| known.iter().any(|known| known.uid == source || known.name == source);
    references::data_sources(value)
        .into_iter()
        .map(|(reference, used)| DataSourceUse {
            found: references::mapped(mapping, &reference).is_some() || has(&reference),
            plugin: used.plugin,
            places: used.places.into_iter().collect(),
            reference,
        })
        .collect()
}

/// Panel plugins that Grafana lacks and does not replace by one of its own.
pub fn missing_plugins(value: &Value, target: &Target) -> Vec<String> {
    let Some(known) = &target.plugins else { return Vec::new() };
    let replaced = |kind: &str| references::migrated_to(kind).is_some_and(|to| known.contains(to));
    references::plugins(value).into_iter().filter(|kind| !known.contains(kind) && !replaced(kind)).collect()
}

/// Notes the panel types that Grafana replaces by others of its own.
pub fn remark(item: &mut RestoreItem, value: &Value, target: &Target) {
    let known = target.plugins.as_ref();
    let is_there = |kind: &String| known.is_some_and(|known| known.contains(kind));
    let replaced: Vec<String> = references::plugins(value)
        .into_iter()
        .filter(|kind| !is_there(kind))
        .filter_map(|kind| references::migrated_to(&kind).map(|to| format!("{kind} to {to}")))
        .collect();
    if !replaced.is_empty() {
        item.note =
            format!("{} Grafana migrates its panels: {}.", item.note, replaced.join(", ")).trim().to_owned();
    }
}
