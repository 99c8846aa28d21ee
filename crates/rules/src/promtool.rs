//! Asks promtool about expressions that the panel's own parser does not take: what a server takes is no error.

use std::{collections::HashMap, process::Stdio, time::Duration};

use aether_contract::{FindingSeverity, RuleGroupView};
use aether_foundation::child;
use serde_json::json;

/// How long promtool may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Most expressions that it is asked about.
const MAX: usize = 200;

/// Takes the errors away that promtool does not confirm. Without promtool they stay.
pub async fn settle(groups: &mut [RuleGroupView]) {
    let refused =
        |rule: &aether_contract::RuleView| rule.findings.iter().any(|found| found.check == "syntax");
    let mut asked: Vec<String> = groups
        .iter()
        .flat_map(|group| &group.rules)
        .filter(|rule| refused(rule))
        .map(|rule| rule.expression.clone())
        .collect();
    asked.sort();
    asked.dedup();
    asked.truncate(MAX);
    if asked.is_empty() {
        return;
    }
    let taken = match taken(&asked).await {
        Ok(taken) => taken,
        Err(why) => {
            tracing::debug!(%why, "promtool was not asked");
            return;
        }
    };
    let accepted =
        |expression: &str| asked.iter().position(|one| one == expression).is_some_and(|at| taken[at]);
    for rule in groups.iter_mut().flat_map(|group| &mut group.rules) {
        if !accepted(&rule.expression) {
            continue;
        }
        for found in rule.findings.iter_mut().filter(|found| found.check == "syntax") {
            found.severity = FindingSeverity::Info;
            found.problem = "The expression is valid, but the panel cannot analyze it.".to_owned();
            found.why = "promtool accepts it; the other checks are skipped for this rule.".to_owned();
            found.remedy = "Nothing has to be done.".to_owned();
        }
        rule.findings.sort_by_key(|found| found.severity);
    }
}

/// Which of the expressions promtool takes.
///
/// # Errors
/// When it is not at hand.
pub async fn taken(expressions: &[String]) -> Result<Vec<bool>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let names: Vec<String> = (0..expressions.len()).map(|index| format!("{index}.yml")).collect();
    for (name, expression) in names.iter().zip(expressions) {
        let rule = json!({"groups": [{"name": "g", "rules": [{"record": "r", "expr": expression}]}]});
        aether_foundation::paths::write_private_file(&folder.path().join(name), rule.to_string().as_bytes())
            .map_err(|error| error.to_string())?;
    }
    let mut command = tokio::process::Command::from(child::command("promtool"));
    command
        .args(["check", "rules"])
        .args(&names)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let ended = tokio::time::timeout(LIMIT, command.output()).await;
    let output =
        ended.map_err(|_| format!("timed out after {LIMIT:?}"))?.map_err(|error| error.to_string())?;
    let found = results(&String::from_utf8_lossy(&output.stdout), "Checking");
    Ok(names.iter().map(|name| found.get(name).copied().unwrap_or_default()).collect())
}

/// Which files promtool took: it says so behind the name of each.
pub fn results(said: &str, head: &str) -> HashMap<String, bool> {
    let mut found = HashMap::new();
    let mut current = None;
    for line in said.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix(head) {
            let name = name.trim_start_matches(':').trim().to_owned();
            found.insert(name.clone(), false);
            current = Some(name);
        } else if (line == "SUCCESS" || line.starts_with("SUCCESS:"))
            && let Some(name) = &current
        {
            found.insert(name.clone(), true);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_told_apart_by_file() {
        let said = "Unit Testing:  0/safe.yml\n  SUCCESS\n\nUnit Testing:  0/silent.yml\n  FAILED:\n    x: SUCCESSx\n";
        let found = results(said, "Unit Testing");
        assert_eq!((found["0/safe.yml"], found["0/silent.yml"]), (true, false));
        let found = results("Checking 0.yml\n  SUCCESS: 1 rules found\n\nChecking 1.yml\n", "Checking");
        assert_eq!((found["0.yml"], found["1.yml"]), (true, false));
    }
}
