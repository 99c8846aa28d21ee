//! Whether a server would take a file: by the server's own tool where it is at hand, else as far as the panel can tell.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::Value;

use super::kind::{Kind, kind};
use crate::file;
use aether_foundation::{child, promql::split};

/// How long a tool may take.
const LIMIT: Duration = Duration::from_secs(30);
/// Length limit for reported tool output, in characters.
const MAX_WORDS: usize = 1200;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What the file is.
    pub kind: Kind,
    /// Who looked: "promtool", "amtool", "the panel".
    pub by: &'static str,
    /// Why it would be refused; none when nothing speaks against it.
    pub problem: Option<String>,
}

/// Checks a file.
pub async fn check(name: &str, bytes: &[u8]) -> Checked {
    let own = |problem: String, kind| Checked { kind, by: "the panel", problem: Some(problem) };
    let Ok(text) = std::str::from_utf8(bytes) else {
        return own("not valid UTF-8 text".into(), Kind::Other);
    };
    let kind = match kind(name, text) {
        Ok(kind) => kind,
        Err(why) => return own(why, Kind::Other),
    };
    let tool: Option<(&'static str, &[&str])> = match kind {
        // Only its own syntax: the files that it names have the paths of the server's machine, not of this one.
        Kind::Prometheus => Some(("promtool", &["check", "config", "--syntax-only"])),
        Kind::Rules => Some(("promtool", &["check", "rules"])),
        Kind::Alertmanager => Some(("amtool", &["check-config"])),
        _ => None,
    };
    if let Some((program, arguments)) = tool {
        match run(program, arguments, bytes).await {
            Ok(problem) => return Checked { kind, by: program, problem },
            Err(why) => tracing::debug!(program, %why, "not installed; checked by the panel instead"),
        }
    }
    Checked { kind, by: "the panel", problem: by_itself(kind, text) }
}

/// Runs a tool on the text; none: it has nothing against it.
async fn run(program: &str, arguments: &[&str], bytes: &[u8]) -> Result<Option<String>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let file = folder.path().join("file.yml");
    aether_foundation::paths::write_private_file(&file, bytes).map_err(|error| error.to_string())?;
    let mut command = tokio::process::Command::from(child::tool(program));
    command.args(arguments).arg(&file).stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(LIMIT, command.output()).await;
    let output =
        ended.map_err(|_| format!("timed out after {LIMIT:?}"))?.map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(None);
    }
    let said = [output.stderr, output.stdout].concat();
    let words = words(&String::from_utf8_lossy(&said), &file);
    // An old tool that does not know the option says nothing about the file.
    if words.contains("unknown long flag") || words.contains("unknown command") {
        return Err(words);
    }
    Ok(Some(words))
}

/// A tool's words without the path of the copy that it was given.
fn words(said: &str, file: &Path) -> String {
    let lines = said.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("Checking "));
    let text = lines.collect::<Vec<_>>().join(" ").replace(&file.display().to_string(), "the file");
    text.chars().take(MAX_WORDS).collect()
}

/// What can be told without a tool.
fn by_itself(kind: Kind, text: &str) -> Option<String> {
    match kind {
        Kind::Rules => rules(text),
        Kind::Alertmanager => alertmanager(text),
        _ => None,
    }
}

fn alertmanager(text: &str) -> Option<String> {
    let document: Value = yaml_serde::from_str(text).ok()?;
    let receivers: Vec<&str> = document
        .get("receivers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|receiver| receiver.get("name")?.as_str())
        .collect();
    let root = document.get("route")?;
    if root.get("receiver").and_then(Value::as_str).is_none() {
        return Some("the root route has no receiver".to_owned());
    }
    let mut open = vec![root];
    while let Some(route) = open.pop() {
        let named = route.get("receiver").and_then(Value::as_str);
        if let Some(unknown) = named.filter(|name| !receivers.contains(name)) {
            return Some(format!("a route uses the receiver {unknown}, which is not defined"));
        }
        open.extend(route.get("routes").and_then(Value::as_array).into_iter().flatten());
    }
    None
}

fn rules(text: &str) -> Option<String> {
    let read = match file::inspect(text) {
        Ok(read) => read,
        Err(problem) => return Some(problem.words()),
    };
    if let Some(problem) = read.problems.iter().find(|problem| problem.is_error()) {
        return Some(problem.words());
    }
    read.groups.iter().flat_map(|group| &group.rules).find_map(|rule| {
        let why = split::parse(&rule.expression).err()?;
        Some(format!("the expression of {} is invalid: {why}", rule.name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(name: &str) -> String {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../monitoring/");
        std::fs::read_to_string(format!("{path}{name}")).unwrap()
    }

    #[tokio::test]
    async fn the_files_of_the_pack_are_taken_and_broken_ones_are_not() {
        for name in
            ["prometheus-config.yml", "prometheus-alerts.yml", "alertmanager.yml", "docker-compose.yml"]
        {
            let checked = check(name, pack(name).as_bytes()).await;
            assert_eq!(checked.problem, None, "{name} by {}", checked.by);
        }
        let broken = pack("prometheus-alerts.yml").replace("by (tenant_id)", "by (tenant_id");
        let checked = check("prometheus-alerts.yml", broken.as_bytes()).await;
        assert!(checked.problem.is_some(), "{checked:?}");
        let unrouted = pack("alertmanager.yml").replacen("receiver:", "reciever:", 1);
        assert!(check("alertmanager.yml", unrouted.as_bytes()).await.problem.is_some());
        assert!(check("x.yml", &[0xff, 0xfe]).await.problem.unwrap().contains("UTF-8"));
    }

    #[test]
    fn the_panel_by_itself_finds_what_no_server_would_take() {
        assert_eq!(rules(&pack("prometheus-alerts.yml")), None);
        let told = |text: &str| rules(text).unwrap();
        assert!(told("groups: [{rules: []}]").contains("name"));
        assert!(told("groups: [{name: '', rules: []}]").contains("no name"));
        assert!(told("groups: [{name: g, rules: [{expr: up}]}]").contains("either `alert` or `record`"));
        assert!(told("groups: [{name: g, rules: [{alert: A}]}]").contains("expr"));
        assert!(told("groups: [{name: g, rules: [{alert: A, expr: 'up =='}]}]").contains('A'));
        assert_eq!(rules("groups: [{name: g, rules: [{record: a, expr: 1}]}]"), None);
        assert_eq!(alertmanager(&pack("alertmanager.yml")), None);
        assert!(alertmanager("{route: {}, receivers: []}").unwrap().contains("no receiver"));
        let nested = "{route: {receiver: a, routes: [{receiver: b}]}, receivers: [{name: a}]}";
        assert!(alertmanager(nested).unwrap().contains("receiver b"));
    }

    #[tokio::test]
    async fn a_tool_that_is_not_there_is_no_verdict() {
        assert!(run("no-such-tool-anywhere", &[], b"").await.is_err());
        assert_eq!(run("true", &[], b"").await, Ok(None));
        assert!(matches!(run("false", &[], b"").await, Ok(Some(_))));
    }
}
