//! Asks promtool about rule files: what a server takes is no error, and what only promtool refuses is not lost.

mod verdict;

use std::{
    collections::HashMap,
    io::ErrorKind,
    process::{Command, Output, Stdio},
    time::Duration,
};

use aether_contract::{FindingSeverity, RuleGroupView, RuleView, RulesLint};
use aether_foundation::child;
use serde_json::json;

use crate::files::Source;

/// How long promtool may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Most files that one call of promtool gets.
const BATCH: usize = 500;
/// What only some servers have switched on. promtool warns about those that it does not know.
const FEATURES: &str = "--enable-feature=promql-experimental-functions,promql-duration-expr,\
    promql-extended-range-selectors,promql-binop-fill-modifiers";

/// How promtool is called.
#[derive(Clone, Copy)]
struct Call<'a> {
    /// Builds its command.
    start: &'a (dyn Fn() -> Command + Sync),
    /// How long it may take.
    limit: Duration,
}

/// The promtool at hand.
const AT_HAND: Call<'static> = Call { start: &|| child::tool("promtool"), limit: LIMIT };

/// Takes the errors away that promtool does not confirm, and adds those that only promtool sees. Where promtool cannot
/// be asked, everything stays as it is and a gap says so.
pub async fn settle(found: &mut RulesLint, sources: &[Source]) {
    settle_with(AT_HAND, found, sources).await;
}

async fn settle_with(call: Call<'_>, found: &mut RulesLint, sources: &[Source]) {
    let asked = match confirm(call, &mut found.groups).await {
        Ok(()) => verdict::add(call, found, sources).await,
        Err(why) => Err(why),
    };
    if let Err(why) = asked {
        tracing::debug!(%why, "promtool was not asked");
        found.gaps.push(format!("Only the panel's own checks ran: {why}."));
    }
}

/// Whether the panel could not parse a rule's expression.
fn is_refused(rule: &RuleView) -> bool {
    rule.findings.iter().any(|found| found.check == "syntax" && found.severity == FindingSeverity::Error)
}

async fn confirm(call: Call<'_>, groups: &mut [RuleGroupView]) -> Result<(), String> {
    let mut asked: Vec<String> = groups
        .iter()
        .flat_map(|group| &group.rules)
        .filter(|rule| is_refused(rule))
        .map(|rule| rule.expression.clone())
        .collect();
    asked.sort();
    asked.dedup();
    if asked.is_empty() {
        return Ok(());
    }
    let mut taken = Vec::with_capacity(asked.len());
    for batch in asked.chunks(BATCH) {
        taken.extend(taken_by(call, batch).await?);
    }
    let accepted = |expression: &str| {
        asked.iter().position(|one| one == expression).and_then(|at| taken.get(at)) == Some(&true)
    };
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
    Ok(())
}

/// Which of the expressions promtool takes.
///
/// # Errors
/// When it is not at hand.
pub async fn taken(expressions: &[String]) -> Result<Vec<bool>, String> {
    taken_by(AT_HAND, expressions).await
}

async fn taken_by(call: Call<'_>, expressions: &[String]) -> Result<Vec<bool>, String> {
    let rule =
        |expression| json!({"groups": [{"name": "g", "rules": [{"record": "r", "expr": expression}]}]});
    let texts: Vec<String> = expressions.iter().map(|expression| rule(expression).to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let output = check_rules(call, &texts, &[FEATURES]).await?;
    let found = results(&String::from_utf8_lossy(&output.stdout), CHECKING);
    Ok((0..texts.len()).map(|at| found.get(&name(at)).copied().unwrap_or_default()).collect())
}

/// The name of a file that promtool is given.
fn name(at: usize) -> String {
    format!("{at}.yml")
}

/// Runs `promtool check rules` on copies of files.
async fn check_rules(call: Call<'_>, texts: &[&str], arguments: &[&str]) -> Result<Output, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    for (at, text) in texts.iter().enumerate() {
        aether_foundation::paths::write_private_file(&folder.path().join(name(at)), text.as_bytes())
            .map_err(|error| error.to_string())?;
    }
    let mut command = (call.start)();
    command.args(["check", "rules"]).args(arguments).args((0..texts.len()).map(name));
    command.current_dir(folder.path());
    let output = run(command, call.limit).await?;
    // 1: there are errors; 3: there are warnings. Whatever else ends it (a signal, a panic's 2), it has not judged.
    match output.status.code() {
        Some(0 | 1 | 3) => Ok(output),
        _ => Err(format!("promtool broke off ({})", output.status)),
    }
}

async fn run(command: Command, limit: Duration) -> Result<Output, String> {
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(limit, command.output()).await;
    let output = ended.map_err(|_| format!("promtool did not finish within {} s", limit.as_secs()))?;
    output.map_err(|error| match error.kind() {
        ErrorKind::NotFound => "promtool is not installed".to_owned(),
        _ => format!("promtool could not be started ({error})"),
    })
}

/// What stands before the name of a file of rules.
pub const CHECKING: &[&str] = &["Checking"];
/// What stands before the name of a file of tests, in versions 2 and 3.
pub const TESTING: &[&str] = &["Unit Testing", "Processing test file"];

/// Which files promtool took: it says so behind the name of each, before which one of `heads` stands.
pub fn results(said: &str, heads: &[&str]) -> HashMap<String, bool> {
    let mut found = HashMap::new();
    let mut current = None;
    for line in said.lines().map(str::trim) {
        // Some versions end a warning without a line break.
        let begins = heads.iter().filter_map(|head| line.rfind(head)).max();
        let line = match begins.filter(|_| line.starts_with("WARNING: ")) {
            Some(at) => line.get(at..).unwrap_or_default(),
            None => line,
        };
        if let Some(name) = heads.iter().find_map(|head| line.strip_prefix(head)) {
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

    /// What a promtool that is this script leaves unsaid about a file without errors.
    #[cfg(unix)]
    async fn gaps_with(script: &'static str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yml");
        let text = "groups: [{name: g, rules: [{record: 'a:b', expr: up}]}]\n";
        std::fs::write(&file, text).unwrap();
        let (mut found, sources) =
            crate::files::lint(&[file], &aether_foundation::stack::Profile::builtin(), false).unwrap();
        let start = || match script {
            "" => Command::new("/nowhere/promtool"),
            script => {
                let mut shell = Command::new("sh");
                // What follows are the script's own arguments.
                shell.args(["-c", script, "promtool"]);
                shell
            }
        };
        settle_with(Call { start: &start, limit: Duration::from_secs(1) }, &mut found, &sources).await;
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        found.gaps
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn promtool_that_could_not_judge_is_a_gap() {
        assert_eq!(gaps_with("exit 0").await, Vec::<String>::new());
        assert_eq!(gaps_with("").await, ["Only the panel's own checks ran: promtool is not installed."]);
        let broken = gaps_with("kill -9 $$").await;
        assert!(broken[0].contains("promtool broke off (signal: 9"), "{broken:?}");
        let panicked = gaps_with("echo 'panic: runtime error' >&2; exit 2").await;
        assert!(panicked[0].contains("promtool broke off"), "{panicked:?}");
        let old = gaps_with("echo 'error: unknown long flag --lint' >&2; exit 1").await;
        assert!(old[0].contains("promtool is too old"), "{old:?}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn promtool_that_hangs_is_a_gap() {
        let hung = gaps_with("exec sleep 600").await;
        assert_eq!(hung, ["Only the panel's own checks ran: promtool did not finish within 1 s."]);
    }

    #[test]
    fn results_are_told_apart_by_file() {
        let said = "Unit Testing:  0/safe.yml\n  SUCCESS\n\nUnit Testing:  0/silent.yml\n  FAILED:\n    x: SUCCESSx\n";
        let found = results(said, TESTING);
        assert_eq!((found["0/safe.yml"], found["0/silent.yml"]), (true, false));
        let said = "Processing test file: 0/safe.yml\n  SUCCESS\n\nProcessing test file: 0/silent.yml\n\n";
        let found = results(said, TESTING);
        assert_eq!((found["0/safe.yml"], found["0/silent.yml"]), (true, false));
        let found =
            results("  WARNING: Unknown feature: xChecking 0.yml\n  SUCCESS: 1 rules found\n", CHECKING);
        assert!(found["0.yml"]);
        let found = results("Checking 0.yml\n  SUCCESS: 1 rules found\n\nChecking 1.yml\n", CHECKING);
        assert_eq!((found["0.yml"], found["1.yml"]), (true, false));
    }

    /// Expressions put together from parts, right and wrong ones.
    struct Parts(u64);

    impl Parts {
        fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            all[(self.0 >> 33) as usize % all.len()]
        }

        fn number(&mut self) -> &'static str {
            self.pick(&[
                "1", ".80", "1e-3", "0x1F", "017", "1.5e6", "Inf", "NaN", "-3", "+7", "1.", "5x", "1e",
            ])
        }

        fn selector(&mut self) -> String {
            let name =
                self.pick(&["up", "a:b:c", "sum", "on_x", "{__name__=\"up\"}", "by", "offset_x", "_x", "9x"]);
            let matcher = self.pick(&[
                "",
                "{a=\"b\"}",
                "{a=~\"b|c\",}",
                "{a!~'[[]x'}",
                "{a=`b\\d`}",
                "{a=~\"\\\\d+{2}\"}",
                "{a=~\"x{id}\"}",
                "{a=~\"\\\\Qa.b\\\\E\"}",
                "{a=~\"(\"}",
                "{}",
                "{on=\"1\",by!=\"2\"}",
                "{a=~\"[[:alpha:]]+\"}",
            ]);
            if name.starts_with('{') { name.to_owned() } else { format!("{name}{matcher}") }
        }

        fn vector(&mut self, depth: u32) -> String {
            if depth == 0 {
                let after =
                    self.pick(&["", "", "", " offset 5m", " offset -1h30m", " @ end()", " @ 5", "[5m]"]);
                return format!("{}{after}", self.selector());
            }
            match self
                .pick(&["bin", "bin", "call", "range", "agg", "paren", "neg", "set", "args", "sub", "num"])
            {
                "bin" => {
                    let operator = self
                        .pick(&["+", "-", "*", "/", "%", "^", "atan2", ">", "==", "!=", ">= bool", "<", "="]);
                    let matching = self.pick(&[
                        "",
                        "",
                        " on (a)",
                        " ignoring (a, b)",
                        " on (a) group_left (b)",
                        " on ()",
                    ]);
                    format!("{} {operator}{matching} {}", self.vector(depth - 1), self.vector(depth - 1))
                }
                "set" => {
                    let operator = self.pick(&[
                        "and",
                        "or",
                        "unless",
                        "AND",
                        "and on (a)",
                        "unless ignoring (b)",
                        "or bool",
                    ]);
                    format!("{} {operator} {}", self.vector(depth - 1), self.vector(depth - 1))
                }
                "call" => {
                    let name = self.pick(&[
                        "abs", "ceil", "sgn", "absent", "hour", "vector", "scalar", "ln", "nothing", "sort",
                    ]);
                    format!("{name}({})", self.vector(depth - 1))
                }
                "range" => {
                    let name = self.pick(&[
                        "rate",
                        "increase",
                        "avg_over_time",
                        "present_over_time",
                        "deriv",
                        "abs",
                    ]);
                    let window = self.pick(&[
                        "[5m]", "[1h30m]", "[1d]", "[5m:1m]", "[5m:]", "", "[0m]", "[1m 5s]", "[5m5h]",
                    ]);
                    format!("{name}({}{window})", self.selector())
                }
                "sub" => format!("max_over_time(({})[1h:5m])", self.vector(depth - 1)),
                "agg" => {
                    let name = self.pick(&[
                        "sum",
                        "count",
                        "topk",
                        "quantile",
                        "avg",
                        "count_values",
                        "group",
                        "SUM",
                    ]);
                    let by = self.pick(&["", " by (a)", " without (a, b,)", " by ()", " by (a b)"]);
                    let first = self.pick(&["", "", "3, ", "\"x\", ", "0.9, "]);
                    format!("{name}{by} ({first}{})", self.vector(depth - 1))
                }
                "args" => {
                    let call = self.pick(&[
                        "clamp_min(X, 5)",
                        "clamp(X, 1, 2)",
                        "label_replace(X, \"a\", \"$1\", \"b\", \"(.*)\")",
                        "label_join(X, \"a\", \",\", \"b\")",
                        "histogram_quantile(0.9, X)",
                        "round(X)",
                        "round(X, 5)",
                        "clamp_min(X)",
                        "day_of_week()",
                        "time() - X",
                        "vector(time())",
                    ]);
                    call.replace('X', &self.vector(depth - 1))
                }
                "paren" => format!("({})", self.vector(depth - 1)),
                "neg" => format!("-{}", self.vector(depth - 1)),
                _ => format!("{} > {}", self.vector(depth - 1), self.number()),
            }
        }
    }

    #[tokio::test]
    async fn promtool_and_the_panel_agree_on_thousands_of_expressions() {
        let mut parts = Parts(7);
        let all: Vec<String> = (0..4000).map(|index| parts.vector(index % 4)).collect();
        let taken = taken(&all).await.unwrap();
        let own = |one: &String| aether_foundation::promql::split::parse(one).is_ok();
        let own: Vec<bool> = all.iter().map(own).collect();
        let differ: Vec<String> = all
            .iter()
            .zip(taken.iter().zip(&own))
            .filter(|(_, (taken, own))| taken != own)
            .map(|(text, (taken, _))| format!("promtool {taken}: {text}"))
            .collect();
        let right = taken.iter().filter(|taken| **taken).count();
        assert!(right > 800 && all.len() - right > 800, "{right}");
        assert!(differ.is_empty(), "{} differ: {:#?}", differ.len(), differ.get(..differ.len().min(20)));
    }

    #[tokio::test]
    async fn what_promtool_takes_is_no_error_and_what_it_rejects_stays_one() {
        let case = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/rule-files/cases/fires-always.yml");
        let profile = aether_foundation::stack::Profile::builtin();
        let (mut found, _) = crate::files::lint(&[case.into()], &profile, false).unwrap();
        let wrong = aether_contract::RuleFinding {
            check: "syntax".to_owned(),
            severity: FindingSeverity::Error,
            problem: "Invalid expression".to_owned(),
            why: String::new(),
            remedy: String::new(),
            rewrite: None,
            proven: false,
        };
        for (rule, expression) in found.groups[0].rules.iter_mut().zip(["up == 0", "up =="]) {
            rule.expression = expression.to_owned();
            rule.findings = vec![wrong.clone()];
        }
        settle(&mut found, &[]).await;
        let told: Vec<FindingSeverity> =
            found.groups[0].rules.iter().take(2).map(|rule| rule.findings[0].severity).collect();
        assert_eq!(told, [FindingSeverity::Info, FindingSeverity::Error]);
    }
}
