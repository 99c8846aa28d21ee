//! `rules`: list, lint, and change.

use std::path::PathBuf;

use aether_contract::*;
use aether_panel::Panel;

use crate::{
    args::{RuleChanges, Rules},
    human::{amount, count, plain, plain_lines, span},
    outcome::Outcome,
    table::{Cell, Style, cell, diff_lines, paint, painted, table},
};

/// Runs a subcommand of `rules`.
pub async fn run(panel: &Panel, verb: &Rules) -> Result<Outcome, PanelError> {
    match verb {
        Rules::List => list(&panel.rules_list(Empty {}).await?),
        Rules::Lint { files, all, allow_empty } if !files.is_empty() => {
            lint_files(panel, files.clone(), *all, *allow_empty).await
        }
        Rules::Diff(changes) => {
            let change = change(panel, changes).await?;
            diff(&panel.rules_plan(change.clone()).await?, &change)
        }
        Rules::Apply { changes, reason, by } => apply(panel, changes, reason, by).await,
        Rules::Reload => applied(&panel.rules_reload(Empty {}).await?, String::new()),
        Rules::Links => links(&panel.rules_links(RuleLinksRequest { again: true }).await?),
        Rules::Lint { all, .. } => lint_server(&panel.rules_list(Empty {}).await?, *all),
    }
}

pub(super) fn list(report: &RulesReport) -> Result<Outcome, PanelError> {
    let mut text = format!(
        "Loaded: {} of {} and {} of {}.\n\n",
        report.present_recording,
        count(report.expected_recording, "expected recording rule"),
        report.present_alerts,
        count(report.expected_alerts, "expected alert")
    );
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for group in &report.groups {
        for rule in &group.rules {
            rows.push(row(group, rule));
        }
    }
    let head = [
        "RULE",
        "GROUP",
        "HEALTH",
        "VS. PACK",
        "GUARD",
        "FOR",
        "SERIES",
        "LAST EVAL",
        "EVAL TIME",
        "FINDINGS",
    ];
    text.push_str(&table(&head, &rows));
    for gap in &report.gaps {
        text.push_str(&format!("\n{} {}", paint("?", Style::Dim), plain(gap)));
    }
    let mut outcome = Outcome::new(report, text)?;
    for missing in &report.missing {
        let place = if missing.file.is_empty() {
            String::new()
        } else {
            format!("; it is defined in {}", missing.file)
        };
        outcome.find(format!("{} {} is expected but not loaded{place}.", kind(missing.kind), missing.name));
    }
    for rule in report.groups.iter().flat_map(|group| &group.rules) {
        if rule.health == "err" {
            outcome.find(format!("{}: evaluation failed: {}", rule.id.name, rule.last_error));
        }
        for difference in &rule.differences {
            outcome.find(format!("{} differs from the pack: {difference}", rule.id.name));
        }
        for found in counted(rule, false) {
            outcome.find(format!("{} [{}]: {}", rule.id.name, found.check, found.problem));
        }
    }
    Ok(outcome)
}

fn row(group: &RuleGroupView, rule: &RuleView) -> Vec<Cell> {
    let health = match rule.health.as_str() {
        "ok" => painted("ok", Style::Good),
        "err" => painted("error", Style::Bad),
        other => painted(other, Style::Dim),
    };
    let standing = match rule.standing {
        Some(RuleDeployment::Present) => painted("matches", Style::Good),
        Some(RuleDeployment::NameOnly) => cell("name only"),
        Some(RuleDeployment::Differs) => painted("differs", Style::Warn),
        Some(RuleDeployment::Unexpected) => painted("unexpected", Style::Dim),
        None => cell(""),
    };
    let guard = rule.guard.as_ref().map_or_else(|| cell(""), |guard| guard_cell(guard.verdict));
    let hold = if rule.hold_s > 0.0 { span((rule.hold_s * 1000.0) as i64) } else { String::new() };
    let last = rule.last_evaluation.map_or_else(String::new, ago);
    let took = rule.evaluation_ms.map_or_else(String::new, |ms| {
        let share = if group.interval_s > 0.0 { ms / group.interval_s / 10.0 } else { 0.0 };
        format!("{} ({})", amount(ms, "ms"), amount(share, "percent"))
    });
    let worst = rule.findings.first().map_or(Style::None, |found| look(found.severity));
    let findings = match rule.findings.len() {
        0 => String::new(),
        count => format!("{count}"),
    };
    vec![
        cell(&rule.id.name),
        painted(&group.name, Style::Dim),
        health,
        standing,
        guard,
        cell(hold),
        cell(rule.series.map_or_else(String::new, |count| count.to_string())),
        cell(last),
        cell(took),
        painted(findings, worst),
    ]
}

fn ago(at: Timestamp) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = now.map_or(at.0, |since| i64::try_from(since.as_millis()).unwrap_or(at.0));
    format!("{} ago", span(now - at.0))
}

fn guard_cell(verdict: GuardVerdict) -> Cell {
    match verdict {
        GuardVerdict::Guarded => painted("guarded", Style::Good),
        GuardVerdict::NeverMatches => painted("never matches", Style::Bad),
        GuardVerdict::OtherWindow => painted("window mismatch", Style::Warn),
        GuardVerdict::Unguarded => painted("unguarded", Style::Dim),
        GuardVerdict::Unclear => painted("unclear", Style::Dim),
    }
}

fn kind(kind: RuleKind) -> &'static str {
    match kind {
        RuleKind::Recording => "Recording rule",
        RuleKind::Alerting => "Alert",
    }
}

fn look(severity: FindingSeverity) -> Style {
    match severity {
        FindingSeverity::Error => Style::Bad,
        FindingSeverity::Warning => Style::Warn,
        FindingSeverity::Info => Style::Dim,
    }
}

fn word(severity: FindingSeverity) -> &'static str {
    match severity {
        FindingSeverity::Error => "error",
        FindingSeverity::Warning => "warning",
        FindingSeverity::Info => "info",
    }
}

fn counted(rule: &RuleView, all: bool) -> impl Iterator<Item = &RuleFinding> {
    rule.findings.iter().filter(move |found| all || found.severity != FindingSeverity::Info)
}

async fn lint_files(
    panel: &Panel,
    files: Vec<PathBuf>,
    all: bool,
    allow_empty: bool,
) -> Result<Outcome, PanelError> {
    let found = panel.lint_rule_files(files, allow_empty).await?;
    outcome(&found, &found.groups, &found.problems, &found.gaps, all)
}

pub(super) fn lint_server(report: &RulesReport, all: bool) -> Result<Outcome, PanelError> {
    outcome(report, &report.groups, &[], &report.gaps, all)
}

fn outcome(
    data: &impl serde::Serialize,
    groups: &[RuleGroupView],
    problems: &[RuleFileProblem],
    gaps: &[String],
    all: bool,
) -> Result<Outcome, PanelError> {
    let mut text = String::new();
    let (mut errors, mut warnings, mut rules, mut hidden) = (0_u64, 0_u64, 0_u64, 0);
    for problem in problems {
        errors += u64::from(problem.severity == FindingSeverity::Error);
        warnings += u64::from(problem.severity == FindingSeverity::Warning);
        let line = problem.line.map_or_else(String::new, |line| format!(":{line}"));
        text.push_str(&format!(
            "{} [file] {}{line}\n  {}\n\n",
            paint(word(problem.severity), look(problem.severity)),
            paint(&plain(&problem.file), Style::Strong),
            plain(&problem.problem),
        ));
    }
    for group in groups {
        for rule in &group.rules {
            rules += 1;
            hidden += rule.findings.len() - counted(rule, all).count();
            for found in counted(rule, all) {
                match found.severity {
                    FindingSeverity::Error => errors += 1,
                    FindingSeverity::Warning => warnings += 1,
                    FindingSeverity::Info => {}
                }
                text.push_str(&said(group, rule, found));
            }
        }
    }
    let more = match hidden {
        0 => String::new(),
        more => format!(" {} hidden; use --all to show them.", count(more as u64, "informational finding")),
    };
    text.push_str(&format!(
        "{}: {}, {}.{more}\n",
        count(rules, "rule"),
        count(errors, "error"),
        count(warnings, "warning")
    ));
    for gap in gaps {
        text.push_str(&format!("{} {}\n", paint("?", Style::Dim), plain(gap)));
    }
    let mut outcome = Outcome::new(data, text)?;
    if errors + warnings > 0 {
        let total = errors + warnings;
        let are = if total == 1 { "is an error or a warning" } else { "are errors or warnings" };
        outcome.find(format!("{} {are}.", count(total, "finding")));
    }
    Ok(outcome)
}

fn said(group: &RuleGroupView, rule: &RuleView, found: &RuleFinding) -> String {
    let place = match rule.line {
        Some(line) => format!("{}:{line}", group.file),
        None => format!("{} · {}", group.file, group.name),
    };
    let mut text = format!(
        "{} {} [{}] {}\n  {}\n  {}\n  {} {}\n",
        paint(word(found.severity), look(found.severity)),
        paint(&plain(&rule.id.name), Style::Strong),
        plain(&found.check),
        paint(&plain(&place), Style::Dim),
        plain(&found.problem),
        paint(&plain(&found.why), Style::Dim),
        paint("→", Style::Good),
        plain(&found.remedy),
    );
    if let Some(rewrite) = &found.rewrite {
        for line in rule.expression.trim().lines() {
            text.push_str(&format!("    {}\n", paint(&format!("- {}", plain_lines(line)), Style::Bad)));
        }
        for line in rewrite.trim().lines() {
            text.push_str(&format!("    {}\n", paint(&format!("+ {}", plain_lines(line)), Style::Good)));
        }
        if !found.proven {
            let words = "not proven: promtool is not available or could not make the alert fire";
            text.push_str(&format!("    {}\n", paint(words, Style::Warn)));
        }
    }
    text.push('\n');
    text
}

async fn change(panel: &Panel, asked: &RuleChanges) -> Result<RulesChange, PanelError> {
    let usage = |words: String| PanelError::new(ErrorCode::InvalidRequest, "arguments", words);
    let mut edits = Vec::new();
    let mut add = |name: &str, set| edits.push(RuleEdit { group: String::new(), name: name.to_owned(), set });
    let pair = |text: &'_ str| -> Result<(String, String), PanelError> {
        let found = text.split_once('=').filter(|(name, _)| !name.is_empty());
        found
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .ok_or_else(|| usage(format!("Invalid argument {text:?}: expected RULE=VALUE.")))
    };
    // The names of recorded series have colons: the label is what stands behind the last one before the value.
    let labelled = |text: &str| -> Result<(String, String, Option<String>), PanelError> {
        let (left, value) = match text.split_once('=') {
            Some((left, value)) => (left, Some(value.to_owned())),
            None => (text, None),
        };
        let found = left.rsplit_once(':').filter(|(rule, name)| !rule.is_empty() && !name.is_empty());
        found
            .map(|(rule, name)| (rule.to_owned(), name.to_owned(), value))
            .ok_or_else(|| usage(format!("Invalid argument {text:?}: expected RULE:NAME=VALUE.")))
    };
    let counts = (asked.of.len(), asked.threshold.len());
    if counts.0 > 1 && counts.0 != counts.1 || counts.0 == 1 && counts.1 > 1 {
        return Err(usage("Give --of once for each --threshold, in the same order.".to_owned()));
    }
    for (index, text) in asked.threshold.iter().enumerate() {
        let (name, value) = pair(text)?;
        let value = Panel::number(&value).ok_or_else(|| usage(format!("Invalid number {value:?}.")))?;
        let of = asked.of.get(index).filter(|of| !of.trim().is_empty()).cloned();
        add(&name, RuleSet::Threshold { value, of });
    }
    for text in &asked.hold {
        let (name, value) = pair(text)?;
        add(&name, RuleSet::For { value });
    }
    for text in &asked.expr {
        let (name, value) = pair(text)?;
        add(&name, RuleSet::Expr { value });
    }
    for text in &asked.label {
        let (rule, name, value) = labelled(text)?;
        add(&rule, RuleSet::Label { name, value });
    }
    for text in &asked.annotation {
        let (rule, name, value) = labelled(text)?;
        add(&rule, RuleSet::Annotation { name, value });
    }
    if !asked.rewrite.is_empty() {
        let report = panel.rules_list(Empty {}).await?;
        for name in &asked.rewrite {
            let rules = report.groups.iter().flat_map(|group| &group.rules);
            let rewrite = rules
                .filter(|rule| rule.id.name == *name)
                .find_map(|rule| rule.guard.as_ref()?.rewrite.clone());
            let value = rewrite.ok_or_else(|| {
                PanelError::new(ErrorCode::NotFound, "rules", format!("No rewrite available for {name}."))
                    .with_hint("List rules with suggested rewrites with: aetherctl rules lint")
            })?;
            add(name, RuleSet::Expr { value });
        }
    }
    let mut change = RulesChange {
        edits,
        vip_tenants: Some(asked.vip.clone()).filter(|list| !list.is_empty()),
        related: Vec::new(),
    };
    if asked.related {
        change.related = panel.rules_plan(change.clone()).await?.related;
    }
    Ok(change)
}

/// Texts that repeat an old value and would keep it.
fn related_text(plan: &RulesPlan, chosen: &[RelatedText]) -> String {
    let mut text = String::new();
    for one in plan.related.iter().filter(|one| !chosen.contains(one)) {
        let place = match &one.place {
            RelatedPlace::Annotation { rule, name, .. } => format!("Annotation {name} of {rule}"),
            RelatedPlace::Runbook { file, line, .. } => format!("{file}:{line}"),
        };
        text.push_str(&format!("{} repeats the old value:\n", plain(&place)));
        for (sign, words, look) in [("-", &one.before, Style::Bad), ("+", &one.after, Style::Good)] {
            text.push_str(&format!("    {}\n", paint(&format!("{sign} {}", plain(words)), look)));
        }
    }
    if !text.is_empty() {
        text.push_str("Use --related to change them too.\n");
    }
    text
}

/// `chosen`: the related texts that change too.
pub(super) fn diff_text(plan: &RulesPlan, chosen: &[RelatedText]) -> String {
    let mut text = String::new();
    for file in &plan.files {
        text.push_str(&format!("{}\n", paint(&plain(&file.path), Style::Strong)));
        text.push_str(&diff_lines(&file.diff));
        if file.problem.is_empty() && !file.checked_by.is_empty() {
            text.push_str(&format!("{}: valid.\n", plain(&file.checked_by)));
        }
    }
    if plan.files.is_empty() {
        text.push_str("No changes needed.\n");
    }
    for note in &plan.notes {
        text.push_str(&format!("{}\n", plain(note)));
    }
    text.push_str(&related_text(plan, chosen));
    text
}

fn diff(plan: &RulesPlan, change: &RulesChange) -> Result<Outcome, PanelError> {
    let mut outcome = Outcome::new(plan, diff_text(plan, &change.related))?;
    if let Some(refused) = &plan.refused {
        outcome.find(format!("{} {}", refused.message, refused.hint));
    }
    for file in &plan.files {
        if !file.problem.is_empty() {
            outcome.find(format!("{} would be rejected by {}: {}", file.name, file.checked_by, file.problem));
        }
        for found in &file.findings {
            outcome.find(found.clone());
        }
    }
    Ok(outcome)
}

async fn apply(panel: &Panel, asked: &RuleChanges, reason: &str, by: &str) -> Result<Outcome, PanelError> {
    let change = change(panel, asked).await?;
    let plan = panel.rules_plan(change.clone()).await?;
    let text = diff_text(&plan, &change.related);
    let request = RulesApplyRequest {
        change,
        digest: plan.digest.clone(),
        reason: reason.to_owned(),
        created_by: by.to_owned(),
    };
    applied(&panel.rules_apply(request).await?, text)
}

pub(super) fn links(found: &RuleLinks) -> Result<Outcome, PanelError> {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for link in &found.links {
        let (word, look) = match link.state {
            RuleLinkState::Alive => ("ok", Style::Good),
            RuleLinkState::Dead => ("dead", Style::Bad),
            RuleLinkState::Unreachable => ("unreachable", Style::Warn),
            RuleLinkState::Closed => ("login required", Style::Dim),
            RuleLinkState::NotAsked => ("not checked", Style::Dim),
        };
        rows.push(vec![painted(word, look), cell(&link.url), cell(link.rules.join(", ")), cell(&link.words)]);
    }
    let mut text = if rows.is_empty() {
        "No alert has a runbook_url with a web address.\n".to_owned()
    } else {
        table(&["STATE", "ADDRESS", "ALERTS", ""], &rows)
    };
    if found.left_out > 0 {
        text.push_str(&format!("{} not checked.\n", count(found.left_out, "more link")));
    }
    let mut outcome = Outcome::new(found, text)?;
    for link in found.links.iter().filter(|link| link.state == RuleLinkState::Dead) {
        outcome.find(format!("{} is a dead link: {}", link.url, link.words));
    }
    Ok(outcome)
}

pub(super) fn applied(done: &RulesApplied, mut text: String) -> Result<Outcome, PanelError> {
    for step in &done.steps {
        let (mark, look) = if step.done { ("✓", Style::Good) } else { ("✗", Style::Bad) };
        text.push_str(&format!("{} {}: {}\n", paint(mark, look), plain(&step.title), plain(&step.note)));
    }
    let mut outcome = Outcome::new(done, text)?;
    if !done.in_force {
        outcome.find("The change did not take effect; see the steps above.");
    }
    Ok(outcome)
}
