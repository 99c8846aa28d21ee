//! `rules lint` on 10,000 rules, against reading the same files as YAML and parsing each expression once: what no
//! linter can do without.

use std::{fmt::Write as _, path::PathBuf, time::Instant};

use aether_panel::{rules::files, stack::Profile};
use serde_json::Value;

use crate::Measured;

/// Files, groups in each, and rules in each group: 10,000 rules in 1,000 groups.
const FILES: usize = 50;
const GROUPS: usize = 20;
const RECORDINGS: usize = 3;
const ALERTS: usize = 7;

/// Lint of many rule files.
pub fn run(runs: usize) -> Result<Vec<Measured>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for file in 0..FILES {
        let path = folder.path().join(format!("{file}.yml"));
        std::fs::write(&path, text(file)).map_err(|error| error.to_string())?;
        paths.push(path);
    }
    let profile = Profile::builtin();
    let rules = FILES * GROUPS * (RECORDINGS + ALERTS);
    let name = format!("{rules} rules: rules lint / YAML and each expression parsed once");
    let mut line = Measured { name, unit: "ms", ours: Vec::new(), floor: Vec::new() };
    for _ in 0..runs {
        let began = Instant::now();
        let read: usize = paths.iter().map(|path| parsed(path)).sum();
        line.floor.push(began.elapsed().as_secs_f64() * 1000.0);
        let began = Instant::now();
        let (found, _) = files::lint(&paths, &profile, false).map_err(|error| error.to_string())?;
        line.ours.push(began.elapsed().as_secs_f64() * 1000.0);
        let linted: usize = found.groups.iter().map(|group| group.rules.len()).sum();
        if read != rules || linted != rules {
            return Err(format!("{read} and {linted} of {rules} rules were read"));
        }
    }
    Ok(vec![line])
}

/// How many expressions of a file could be parsed.
fn parsed(path: &std::path::Path) -> usize {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let document: Value = yaml_serde::from_str(&text).unwrap_or_default();
    let groups = document["groups"].as_array().into_iter().flatten();
    let rules = groups.flat_map(|group| group["rules"].as_array().into_iter().flatten());
    rules
        .filter(|rule| promql_parser::parser::parse(rule["expr"].as_str().unwrap_or_default()).is_ok())
        .count()
}

/// A rule file of services, each with ratios and alerts on them.
fn text(file: usize) -> String {
    let mut text = String::from("groups:\n");
    for group in 0..GROUPS {
        let service = file * GROUPS + group;
        let _ = writeln!(text, "- name: service-{service}\n  rules:");
        for at in 0..RECORDINGS {
            let _ = writeln!(
                text,
                "  - record: svc{service}:ratio{at}:rate5m\n    expr: |\n      sum by (tenant_id) \
                    (rate(svc{service}_hits_total{{job=~\"api|web\",code!~\"5..\",kind=\"{at}\"}}[5m]))\n      \
                    / sum by (tenant_id) (rate(svc{service}_requests_total{{job=~\"api|web\",kind=\"{at}\"}}[5m]))"
            );
        }
        for at in 0..ALERTS {
            let kind = at % RECORDINGS;
            let _ = writeln!(
                text,
                "  - alert: Service{service}Slow{at}\n    expr: |\n      \
                    svc{service}:ratio{kind}:rate5m{{tenant_id=~\"a|b|c\"}} < 0.{at}5\n      and on (tenant_id)\n      \
                    (sum by (tenant_id) (rate(svc{service}_requests_total{{job=~\"api|web\",kind=\"{kind}\"}}[5m])) > \
                    0)\n    for: 10m\n    labels: {{severity: page, team: team-{at}}}\n    annotations:\n      \
                    summary: \"{{{{ $labels.tenant_id }}}} is at {{{{ $value | humanize }}}}\"\n      \
                    runbook_url: https://example.org/{service}/{at}"
            );
        }
    }
    text
}
