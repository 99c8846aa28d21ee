//! Rules that run against rules that are expected: the profile's names, and the pack's files where they can be
//! read. Pure.

use std::collections::BTreeMap;

use aether_contract::{MissingRule, RuleDeployment, RuleKind};

use super::file::FileRule;
use aether_foundation::promql::split::normal;
use aether_foundation::stack::Expected;

/// A rule of the pack, with its file.
pub type PackRule<'a> = (&'a str, &'a FileRule);

/// How a running rule stands, and where it differs from the pack's.
pub fn standing(
    running: &FileRule,
    pack: Option<&[PackRule<'_>]>,
    expected: &Expected,
) -> (RuleDeployment, Vec<String>) {
    let names = if running.alerting { &expected.alerts } else { &expected.recording_rules };
    let by_name = names.contains(&running.name);
    let same = |rule: &&PackRule<'_>| rule.1.alerting == running.alerting && rule.1.name == running.name;
    let of_pack: Vec<&PackRule<'_>> = pack.unwrap_or_default().iter().filter(same).collect();
    let best = of_pack.iter().map(|(_, rule)| differences(rule, running)).min_by_key(Vec::len);
    match best {
        Some(found) if found.is_empty() => (RuleDeployment::Present, found),
        Some(found) => (RuleDeployment::Differs, found),
        None if by_name => (RuleDeployment::NameOnly, Vec::new()),
        None => (RuleDeployment::Unexpected, Vec::new()),
    }
}

/// What the profile or the pack expects and the server does not have.
pub fn missing(
    running: &[&FileRule],
    pack: Option<&[PackRule<'_>]>,
    expected: &Expected,
) -> Vec<MissingRule> {
    let runs = |alerting: bool, name: &str| {
        running.iter().any(|rule| rule.alerting == alerting && rule.name == name)
    };
    let file_of = |alerting: bool, name: &str| {
        let found =
            pack.unwrap_or_default().iter().find(|(_, rule)| rule.alerting == alerting && rule.name == name);
        found.map(|(file, _)| (*file).to_owned()).unwrap_or_default()
    };
    let mut found: Vec<MissingRule> = Vec::new();
    let of_pack = pack.unwrap_or_default().iter().map(|(_, rule)| (rule.alerting, &rule.name));
    let of_profile = expected
        .recording_rules
        .iter()
        .map(|name| (false, name))
        .chain(expected.alerts.iter().map(|name| (true, name)));
    for (alerting, name) in of_profile.chain(of_pack) {
        let kind = if alerting { RuleKind::Alerting } else { RuleKind::Recording };
        if !runs(alerting, name) && !found.iter().any(|one| one.kind == kind && one.name == *name) {
            found.push(MissingRule { kind, name: name.clone(), file: file_of(alerting, name) });
        }
    }
    found
}

/// Where a running rule differs from the file's, a line each.
pub fn differences(file: &FileRule, running: &FileRule) -> Vec<String> {
    let mut found = Vec::new();
    if normal(&file.expression) != normal(&running.expression) {
        found.push(format!(
            "expr: {} in the file, {} on the server",
            one_line(&file.expression),
            one_line(&running.expression)
        ));
    }
    if (file.hold_s - running.hold_s).abs() > 0.001 {
        found.push(format!("for: {} s in the file, {} s on the server", file.hold_s, running.hold_s));
    }
    maps("label", &file.labels, &running.labels, &mut found);
    maps("annotation", &file.annotations, &running.annotations, &mut found);
    found
}

fn maps(
    what: &str,
    file: &BTreeMap<String, String>,
    running: &BTreeMap<String, String>,
    found: &mut Vec<String>,
) {
    for (name, value) in file {
        match running.get(name) {
            Some(other) if other.trim() == value.trim() => {}
            Some(other) => found.push(format!("{what} {name}: {value} in the file, {other} on the server")),
            None => found.push(format!("{what} {name}: {value} in the file, none on the server")),
        }
    }
    for (name, value) in running.iter().filter(|(name, _)| !file.contains_key(*name)) {
        found.push(format!("{what} {name}: none in the file, {value} on the server"));
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(alerting: bool, name: &str, expression: &str) -> FileRule {
        FileRule { alerting, name: name.into(), expression: expression.into(), ..FileRule::default() }
    }

    #[test]
    fn a_rule_is_present_when_it_means_the_same_however_it_is_laid_out() {
        let expected = Expected { recording_rules: vec!["a:b".into()], alerts: vec!["A".into(), "B".into()] };
        let pack =
            [("r.yml", &rule(false, "a:b", "sum  by(x) (\n y )")), ("a.yml", &rule(true, "A", "x > 1"))];
        let stand = |one: &FileRule| standing(one, Some(&pack), &expected).0;
        assert_eq!(stand(&rule(false, "a:b", "sum by (x) (y)")), RuleDeployment::Present);
        assert_eq!(stand(&rule(true, "A", "x > 2")), RuleDeployment::Differs);
        assert_eq!(stand(&rule(true, "B", "x > 2")), RuleDeployment::NameOnly);
        assert_eq!(stand(&rule(true, "a:b", "x > 2")), RuleDeployment::Unexpected);
        assert_eq!(standing(&rule(true, "A", "x"), None, &expected).0, RuleDeployment::NameOnly);
        let mut other = rule(true, "A", "x > 1");
        other.hold_s = 60.0;
        other.labels.insert("severity".into(), "page".into());
        let told = standing(&other, Some(&pack), &expected).1;
        assert_eq!(
            told,
            [
                "for: 0 s in the file, 60 s on the server",
                "label severity: none in the file, page on the server"
            ]
        );
        let gone = missing(&[&other], Some(&pack), &expected);
        let gone: Vec<_> = gone.iter().map(|one| (one.kind, one.name.as_str(), one.file.as_str())).collect();
        assert_eq!(gone, [(RuleKind::Recording, "a:b", "r.yml"), (RuleKind::Alerting, "B", "")]);
    }
}
