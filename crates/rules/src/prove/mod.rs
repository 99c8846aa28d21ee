//! Proves a rewritten expression before it is shown: promtool evaluates it beside the condition that it guards, over
//! traffic of every kind. It must fire wherever the condition holds while there is traffic, and nowhere else.

mod sample;
mod scenario;
mod series;

use std::{
    collections::{BTreeMap, HashMap},
    process::Stdio,
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use aether_contract::{RuleGroupView, RuleKind};
use aether_foundation::child;

use crate::promtool;

/// How long promtool may take for the proposals of one call.
const LIMIT: Duration = Duration::from_secs(60);
/// Most proposals that one call of promtool gets, and most that are proven at all.
const BATCH: usize = 20;
const MAX_PROPOSALS: usize = 400;
/// Most results that are kept.
const MAX_KEPT: usize = 2000;

/// A rule that records a series.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recording {
    /// Name of the series.
    pub name: String,
    /// Expression.
    pub expression: String,
    /// Labels that it adds.
    pub labels: BTreeMap<String, String>,
}

/// A rewritten expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Proposal {
    /// What the alert is about: it should fire where this holds while there is traffic.
    pub condition: String,
    /// The expression that is proposed.
    pub rewrite: String,
}

/// What came of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// It fires where it should, and nowhere else.
    Proven,
    /// It stays silent where it should fire, or fires where it should not.
    Refuted,
    /// promtool is not at hand, or no scenario makes the alert fire.
    Open,
}

/// Results by what was asked: the same rules are looked at again and again.
static KEPT: LazyLock<Mutex<HashMap<String, Proof>>> = LazyLock::new(Mutex::default);

/// Proves the proposals among rules; takes those away that are refuted.
pub async fn prove(groups: &mut [RuleGroupView]) {
    let recordings: Vec<Recording> = groups
        .iter()
        .flat_map(|group| &group.rules)
        .filter(|rule| rule.kind == RuleKind::Recording)
        .map(|rule| Recording {
            name: rule.id.name.clone(),
            expression: rule.expression.clone(),
            labels: rule.labels.clone(),
        })
        .collect();
    let mut asked: Vec<Proposal> = Vec::new();
    for rule in groups.iter().flat_map(|group| &group.rules) {
        let Some(guard) = &rule.guard else { continue };
        let Some(rewrite) = &guard.rewrite else { continue };
        let one = Proposal { condition: guard.condition.clone(), rewrite: rewrite.clone() };
        if !asked.contains(&one) && asked.len() < MAX_PROPOSALS {
            asked.push(one);
        }
    }
    if asked.is_empty() {
        return;
    }
    let proofs = proofs(&asked, &recordings).await;
    let found: HashMap<&Proposal, Proof> = asked.iter().zip(proofs).collect();
    for rule in groups.iter_mut().flat_map(|group| &mut group.rules) {
        let Some(guard) = &mut rule.guard else { continue };
        let Some(rewrite) = guard.rewrite.clone() else { continue };
        let one = Proposal { condition: guard.condition.clone(), rewrite: rewrite.clone() };
        let proof = found.get(&one).copied().unwrap_or(Proof::Open);
        let kept = Some(rewrite.clone()).filter(|_| proof != Proof::Refuted);
        guard.proven = proof == Proof::Proven;
        guard.rewrite.clone_from(&kept);
        for finding in rule.findings.iter_mut().filter(|finding| finding.rewrite.as_ref() == Some(&rewrite)) {
            finding.proven = proof == Proof::Proven;
            finding.rewrite.clone_from(&kept);
        }
    }
}

/// What comes of each proposal.
pub async fn proofs(proposals: &[Proposal], recordings: &[Recording]) -> Vec<Proof> {
    let files: Vec<Option<scenario::Files>> =
        proposals.iter().map(|proposal| scenario::files(proposal, recordings)).collect();
    // The files are all that the result depends on.
    let keys: Vec<Option<String>> = files
        .iter()
        .map(|files| files.as_ref().map(|files| format!("{}{}", files.rules, files.safe)))
        .collect();
    let kept = |key: &str| KEPT.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied();
    let mut proofs: Vec<Option<Proof>> =
        keys.iter().map(|key| key.as_ref().map_or(Some(Proof::Open), |key| kept(key))).collect();
    let open: Vec<usize> = (0..proofs.len()).filter(|at| proofs.get(*at) == Some(&None)).collect();
    for batch in open.chunks(BATCH) {
        let batch_files: Vec<&scenario::Files> =
            batch.iter().filter_map(|at| files.get(*at).and_then(Option::as_ref)).collect();
        let found = match run(&batch_files).await {
            Ok(found) => found,
            Err(why) => {
                tracing::debug!(%why, "promtool proves nothing");
                break;
            }
        };
        let mut known = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        for (at, proof) in batch.iter().zip(found) {
            if let Some(slot) = proofs.get_mut(*at) {
                *slot = Some(proof);
            }
            if known.len() >= MAX_KEPT {
                known.clear();
            }
            if let Some(Some(key)) = keys.get(*at) {
                known.insert(key.clone(), proof);
            }
        }
    }
    proofs.into_iter().map(|proof| proof.unwrap_or(Proof::Open)).collect()
}

/// Has promtool test the files of several proposals.
async fn run(files: &[&scenario::Files]) -> Result<Vec<Proof>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut arguments = Vec::new();
    for (index, one) in files.iter().enumerate() {
        let own = folder.path().join(index.to_string());
        std::fs::create_dir(&own).map_err(|error| error.to_string())?;
        // JSON is YAML too.
        for (name, value) in [("rules.yml", &one.rules), ("safe.yml", &one.safe), ("silent.yml", &one.silent)]
        {
            aether_foundation::paths::write_private_file(&own.join(name), value.to_string().as_bytes())
                .map_err(|error| error.to_string())?;
        }
        arguments.extend([format!("{index}/safe.yml"), format!("{index}/silent.yml")]);
    }
    let mut command = tokio::process::Command::from(child::tool("promtool"));
    command
        .args(["test", "rules"])
        .args(&arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let ended = tokio::time::timeout(LIMIT, command.output()).await;
    let output =
        ended.map_err(|_| format!("timed out after {LIMIT:?}"))?.map_err(|error| error.to_string())?;
    let held = promtool::results(&String::from_utf8_lossy(&output.stdout), promtool::TESTING);
    let holds = |index: usize, name: &str| held.get(&format!("{index}/{name}.yml")).copied();
    let proof = |index| match (holds(index, "safe"), holds(index, "silent")) {
        (Some(true), Some(false)) => Proof::Proven,
        (Some(false), _) => Proof::Refuted,
        // Nothing made it fire: what stays silent in every scenario proves nothing.
        _ => Proof::Open,
    };
    Ok((0..files.len()).map(proof).collect())
}

#[cfg(test)]
mod tests;
