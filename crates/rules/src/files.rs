//! Rule files without a server: what `aetherctl rules lint FILE…` shows.

use aether_foundation::text::verb;
use std::path::PathBuf;

use aether_contract::*;
use aether_foundation::stack::Profile;

use super::{
    file::{self, FileRule, Language},
    lint::{self, Facts},
};

/// A file that was linted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its path, as it is shown.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Whether it is in a form that Prometheus itself reads.
    pub native: bool,
}

/// Lints rule files and tells what was read. A file without rules is refused unless it `may_be_empty`: mostly it is the
/// wrong one.
///
/// # Errors
/// `invalid-request` for a file that is unreadable, no rule file, or has no rules.
pub fn lint(
    paths: &[PathBuf],
    profile: &Profile,
    may_be_empty: bool,
) -> Result<(RulesLint, Vec<Source>), PanelError> {
    let mut read: Vec<(String, file::RuleFile)> = Vec::new();
    let mut sources = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        let shown = path.display().to_string();
        let refuse = |what: String| {
            PanelError::new(ErrorCode::InvalidRequest, "rules", what)
                .with_hint("Specify rule files: YAML with groups of alerting and recording rules.")
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| refuse(format!("Failed to read {shown}: {error}.")))?;
        let file = file::inspect(&text)
            .map_err(|problem| refuse(format!("Invalid rule file {shown}: {}.", problem.words())))?;
        let refused = file.problems.iter().any(|problem| problem.is_error());
        if file.groups.iter().all(|group| group.rules.is_empty()) && !refused && !may_be_empty {
            return Err(
                refuse(format!("No rules in {shown}.")).with_hint("If that is meant, use --allow-empty.")
            );
        }
        problems.extend(file.problems.iter().map(|problem| RuleFileProblem {
            file: shown.clone(),
            line: problem.line,
            problem: format!("{}.", aether_foundation::text::capital(&problem.text)),
            severity: problem.severity,
        }));
        sources.push(Source { path: shown.clone(), text, native: !file.foreign });
        read.push((shown, file));
    }
    let rules: Vec<(String, &FileRule)> = read
        .iter()
        .flat_map(|(_, file)| &file.groups)
        .flat_map(|group| group.rules.iter().map(move |rule| (group.name.clone(), rule)))
        .collect();
    let expected = &profile.expected.alerts;
    let mut judged = lint::judge(&rules, &profile.tenant_label, expected, &Facts::default()).into_iter();
    let mut groups = Vec::new();
    for (path, file) in &read {
        let mut unchecked = 0_usize;
        for group in &file.groups {
            let mut list = Vec::new();
            for (index, rule) in group.rules.iter().enumerate() {
                let judged = judged.next().unwrap_or_default();
                unchecked += usize::from(is_unchecked(rule, &judged));
                list.push(RuleView {
                    id: RuleRef {
                        file: path.clone(),
                        group: group.name.clone(),
                        name: rule.name.clone(),
                        index: u32::try_from(index).unwrap_or(u32::MAX),
                    },
                    kind: if rule.alerting { RuleKind::Alerting } else { RuleKind::Recording },
                    expression: rule.expression.clone(),
                    pretty: judged.pretty,
                    hold_s: rule.hold_s,
                    labels: rule.labels.clone(),
                    annotations: rule.annotations.clone(),
                    health: String::new(),
                    last_error: String::new(),
                    last_evaluation: None,
                    evaluation_ms: None,
                    series: None,
                    standing: None,
                    differences: Vec::new(),
                    guard: judged.guard,
                    findings: judged.findings,
                    disabled: rule.disabled.iter().cloned().collect(),
                    inputs: judged.inputs.into_iter().collect(),
                    used_by: Vec::new(),
                    line: rule.line,
                });
            }
            groups.push(RuleGroupView {
                name: group.name.clone(),
                file: path.clone(),
                interval_s: group.interval_s.unwrap_or(0.0),
                evaluation_ms: None,
                last_evaluation: None,
                rules: list,
            });
        }
        if unchecked > 0 {
            problems.push(RuleFileProblem {
                file: path.clone(),
                line: None,
                problem: format!(
                    "{} not PromQL and not checked.",
                    verb(unchecked, "of its expressions is", "of its expressions are")
                ),
                severity: FindingSeverity::Info,
            });
        }
    }
    Ok((RulesLint { groups, problems, gaps: Vec::new() }, sources))
}

/// Whether an expression is in a language that nothing here reads.
fn is_unchecked(rule: &FileRule, judged: &lint::Judged) -> bool {
    rule.language != Language::PromQl && judged.findings.iter().any(|found| found.check == "syntax")
}
