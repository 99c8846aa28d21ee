//! Every rule of the server, against what is expected, with what is wrong with each.

use crate::server_rules::server_rules;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aether_clients::{
    Prometheus,
    prometheus::{QueryValue, Rule, RuleGroup},
};
use aether_contract::*;

use super::{
    compare::{self, PackRule},
    file::{self, FileRule},
    lint::{self, Facts},
    prove,
    series_metadata::inputs,
};
use crate::Rules;
use aether_context::session::StackSession;
use aether_foundation::promql::split::{self, normal};
use aether_foundation::{clock, stack::Profile, text::truncate};

/// Most series' names that one query asks for.
const MAX_NAMES: usize = 400;

/// Reads and judges every rule of the server.
///
/// # Errors
/// Prometheus' codes. What only adds to it (the pack's files, the retention, which series exist) makes a gap instead.
pub async fn report(rules: &Rules, live: &Arc<StackSession>) -> Result<RulesReport, PanelError> {
    let client = live.clients.prometheus().await?;
    let groups = client.rules().await.map_err(|error| error.to_panel(ServiceKind::Prometheus))?.value;
    let mut gaps = Vec::new();
    let pack = read_pack(&live.profile, &mut gaps).await;
    let mut facts = facts(&client, &groups, pack.runbooks.clone(), &mut gaps).await;
    facts.links = rules.links.known();
    let mut report = build(&live.profile, &groups, &pack, &facts, gaps);
    prove::prove(&mut report.groups).await;
    Ok(report)
}

/// The pack's rule files.
#[derive(Default)]
pub struct PackFiles {
    /// Readable files with their rules; none if there is no folder.
    pub files: Option<Vec<(String, file::RuleFile)>>,
    /// Files of runbooks below the folder above, as links name them.
    pub runbooks: Option<BTreeSet<String>>,
}

/// Reads the pack's rule files. What can't be read is a gap.
pub async fn read_pack(profile: &Profile, gaps: &mut Vec<String>) -> PackFiles {
    let Some(dir) = profile.pack.dir.clone() else {
        gaps.push(
            "The location of the pack is not set ([pack] dir), so rules are compared by name only.".into(),
        );
        return PackFiles::default();
    };
    let names = profile.pack.files.clone();
    let read = tokio::task::spawn_blocking(move || {
        let mut told = Vec::new();
        let files = rule_files(&dir, &names, &mut told);
        let runbooks = dir.parent().and_then(|above| runbooks(&above.join("docs/runbooks")));
        (PackFiles { files: Some(files), runbooks }, told)
    });
    let (files, told) = read.await.unwrap_or_default();
    gaps.extend(told);
    files
}

/// The files among `names` that hold rules.
pub fn rule_files(
    dir: &std::path::Path,
    names: &[String],
    gaps: &mut Vec<String>,
) -> Vec<(String, file::RuleFile)> {
    let yaml = |name: &&String| name.ends_with(".yml") || name.ends_with(".yaml");
    let mut files = Vec::new();
    for name in names.iter().filter(yaml) {
        let read = crate::configs::pack::read(dir, name);
        let text = match read.and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other)) {
            Ok(text) => text,
            Err(error) => {
                gaps.push(format!("Failed to read {}: {error}.", dir.join(name).display()));
                continue;
            }
        };
        // The other files of the pack have no groups.
        if !text.lines().any(groups_begin) {
            continue;
        }
        match file::read(&text) {
            Ok(read) => files.push((name.clone(), read)),
            Err(error) => gaps.push(format!("Invalid rule file {name}: {error}")),
        }
    }
    files
}

/// Whether a line begins the list of groups, in any way to write the key.
fn groups_begin(line: &str) -> bool {
    let line = line.trim_start_matches(file::MARK);
    ["groups:", "\"groups\":", "'groups':"].iter().any(|key| line.starts_with(key))
}

fn runbooks(folder: &std::path::Path) -> Option<BTreeSet<String>> {
    let entries = std::fs::read_dir(folder).ok()?;
    let names = entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned());
    Some(names.map(|name| format!("docs/runbooks/{name}")).collect())
}

async fn facts(
    client: &Prometheus,
    groups: &[RuleGroup],
    runbooks: Option<BTreeSet<String>>,
    gaps: &mut Vec<String>,
) -> Facts {
    let rules = server_rules(groups);
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (_, rule) in &rules {
        if let Ok(expr) = split::parse(&rule.expression) {
            names.extend(inputs(&expr));
        }
        if !rule.alerting {
            names.insert(rule.name.clone());
        }
    }
    // A name outside the old alphabet would need quoting; none is expected to be missing then.
    let plain = |name: &String| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'));
    let names: Vec<String> = names.into_iter().filter(plain).collect();
    let mut series: Option<BTreeMap<String, f64>> = Some(BTreeMap::new());
    for names in names.chunks(MAX_NAMES) {
        let query = format!("count by (__name__) ({{__name__=~\"{}\"}})", names.join("|"));
        match client.instant(&query, None).await.map(|reply| reply.value.value) {
            Ok(QueryValue::Vector(samples)) => {
                if let Some(series) = &mut series {
                    series.extend(
                        samples.into_iter().filter_map(|one| {
                            one.labels.get("__name__").map(|name| (name.clone(), one.value))
                        }),
                    );
                }
            }
            Ok(_) => series = None,
            Err(error) => {
                series = None;
                gaps.push(format!(
                    "Failed to query which series exist: {}",
                    error.to_panel(ServiceKind::Prometheus).message
                ));
            }
        }
        if series.is_none() {
            break;
        }
    }
    let retention_s = match client.runtime_info().await {
        Ok(reply) => retention(&reply.value.storage_retention),
        Err(_) => None,
    };
    if retention_s.is_none() {
        gaps.push("The server does not report its retention, so ranges are not checked against it.".into());
    }
    let mut times = BTreeMap::new();
    for group in groups {
        for rule in &group.rules {
            let (name, took) = match rule {
                Rule::Alerting(rule) => (&rule.name, rule.evaluation_time),
                Rule::Recording(rule) => (&rule.name, rule.evaluation_time),
                Rule::Unknown => continue,
            };
            times.insert((group.name.clone(), name.clone()), (took, group.interval));
        }
    }
    Facts { series, retention_s, times, runbooks, links: BTreeMap::new() }
}

/// `15d`, `15d or 50GiB`: the time in it, in seconds.
fn retention(text: &str) -> Option<f64> {
    let time = text.split(" or ").find_map(|part| promql_parser::util::parse_duration(part.trim()).ok())?;
    Some(time.as_secs_f64())
}

/// Puts the report together. Pure.
pub fn build(
    profile: &Profile,
    groups: &[RuleGroup],
    pack: &PackFiles,
    facts: &Facts,
    gaps: Vec<String>,
) -> RulesReport {
    let mut rules = server_rules(groups);
    let of_pack: Option<Vec<PackRule<'_>>> = pack.files.as_ref().map(|files| {
        let rules = files.iter().flat_map(|(name, file)| {
            file.groups.iter().flat_map(|group| &group.rules).map(move |rule| (name.as_str(), rule))
        });
        rules.collect()
    });
    // Comments stand in files only: a rule of the pack that means the same lends its own.
    for (_, rule) in &mut rules {
        let own = of_pack.iter().flatten().find(|(_, other)| {
            other.alerting == rule.alerting
                && other.name == rule.name
                && normal(&other.expression) == normal(&rule.expression)
        });
        if let Some((_, own)) = own {
            rule.disabled.clone_from(&own.disabled);
        }
    }
    let subjects: Vec<(String, &FileRule)> =
        rules.iter().map(|(group, rule)| (group.clone(), rule)).collect();
    let judged = lint::judge(&subjects, &profile.tenant_label, &profile.expected.alerts, facts);
    let read: Vec<BTreeSet<String>> = judged.iter().map(|judged| judged.inputs.clone()).collect();
    let mut views = rules.iter().zip(judged).enumerate();
    let mut shown = Vec::new();
    for group in groups {
        let mut list = Vec::new();
        for (index, running) in group.rules.iter().enumerate() {
            if matches!(running, Rule::Unknown) {
                continue;
            }
            let Some((at, ((_, rule), judged))) = views.next() else { continue };
            let (standing, differences) = compare::standing(rule, of_pack.as_deref(), &profile.expected);
            let used_by =
                rules.iter().zip(&read).filter(|(_, inputs)| !rule.alerting && inputs.contains(&rule.name));
            let used_by: BTreeSet<String> = used_by.map(|((_, other), _)| other.name.clone()).collect();
            let (health, last_error, took, last_evaluation, series) = match running {
                Rule::Alerting(one) => (
                    &one.health,
                    &one.last_error,
                    one.evaluation_time,
                    one.last_evaluation,
                    u32::try_from(one.alerts.len()).ok(),
                ),
                Rule::Recording(one) => {
                    let series =
                        facts.series.as_ref().map(|series| series.get(&one.name).copied().unwrap_or(0.0));
                    (
                        &one.health,
                        &one.last_error,
                        one.evaluation_time,
                        one.last_evaluation,
                        series.map(|n| n as u32),
                    )
                }
                Rule::Unknown => continue,
            };
            list.push(RuleView {
                id: RuleRef {
                    file: group.file.clone(),
                    group: group.name.clone(),
                    name: rule.name.clone(),
                    index: u32::try_from(index).unwrap_or(u32::MAX),
                },
                kind: if rule.alerting { RuleKind::Alerting } else { RuleKind::Recording },
                expression: truncate(&rule.expression, split::MAX_LENGTH),
                pretty: judged.pretty,
                hold_s: rule.hold_s,
                labels: rule.labels.clone(),
                annotations: rule.annotations.clone(),
                health: truncate(health, 32),
                last_error: truncate(last_error, 2048),
                last_evaluation,
                evaluation_ms: last_evaluation.map(|_| took * 1000.0),
                series,
                standing: Some(standing),
                differences,
                guard: judged.guard,
                findings: judged.findings,
                disabled: rule.disabled.iter().cloned().collect(),
                inputs: read.get(at).into_iter().flatten().cloned().collect(),
                used_by: used_by.into_iter().collect(),
                line: None,
            });
        }
        shown.push(RuleGroupView {
            name: truncate(&group.name, 256),
            file: truncate(&group.file, 1024),
            interval_s: group.interval,
            evaluation_ms: group.last_evaluation.map(|_| group.evaluation_time * 1000.0),
            last_evaluation: group.last_evaluation,
            rules: list,
        });
    }
    let running: Vec<&FileRule> = rules.iter().map(|(_, rule)| rule).collect();
    let missing = compare::missing(&running, of_pack.as_deref(), &profile.expected);
    let present = |alerting: bool, names: &[String]| {
        let has =
            |name: &&String| running.iter().any(|rule| rule.alerting == alerting && rule.name == **name);
        u32::try_from(names.iter().filter(has).count()).unwrap_or(u32::MAX)
    };
    let count = |severity| {
        let all = shown.iter().flat_map(|group: &RuleGroupView| &group.rules).flat_map(|rule| &rule.findings);
        u32::try_from(all.filter(|found| found.severity == severity).count()).unwrap_or(u32::MAX)
    };
    RulesReport {
        at: clock::now(),
        missing,
        expected_recording: u32::try_from(profile.expected.recording_rules.len()).unwrap_or(u32::MAX),
        present_recording: present(false, &profile.expected.recording_rules),
        expected_alerts: u32::try_from(profile.expected.alerts.len()).unwrap_or(u32::MAX),
        present_alerts: present(true, &profile.expected.alerts),
        errors: count(FindingSeverity::Error),
        warnings: count(FindingSeverity::Warning),
        compared: pack.files.iter().flatten().map(|(name, _)| name.clone()).collect(),
        gaps,
        groups: shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_retention_is_the_time_in_what_the_server_says() {
        assert_eq!(retention("15d"), Some(15.0 * 86_400.0));
        assert_eq!(retention("50GiB or 30d"), Some(30.0 * 86_400.0));
        assert_eq!(retention(""), None);
    }
}
