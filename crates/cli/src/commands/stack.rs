//! `stack`: list, show, check, use. Contacts no server.

use std::path::Path;

use aether_contract::{
    AuthSpec, Empty, EndpointSpec, ErrorCode, PanelError, StackDetail, StackList, StackName, StackSource,
};
use aether_panel::{Panel, secrets::credential_warnings, stack::Profile};
use serde_json::json;

use crate::{
    args::Stack,
    human::{plain, plain_lines, threshold},
    outcome::Outcome,
    table::{Cell, Style, cell, painted, table},
};

/// Size limit of a profile, in bytes.
const MAX_FILE: u64 = 1024 * 1024;

/// Runs a subcommand of `stack`.
pub async fn run(panel: &Panel, verb: &Stack) -> Result<Outcome, PanelError> {
    let stacks = panel.stack_list(Empty {}).await?;
    match verb {
        Stack::List => list(&stacks),
        Stack::Show { name } => {
            let name = name.clone().unwrap_or(stacks.active);
            let detail = panel.stack_detail(StackName { name }).await?;
            Outcome::new(&detail, detail_text(&detail))
        }
        Stack::Check { target } => check_name(&stacks, target.as_deref().unwrap_or(&stacks.active)),
        Stack::Use { name } => {
            let stacks = panel.stack_select(StackName { name: name.clone() }).await?;
            let text = format!("Selected stack {}.\n", plain(&stacks.active));
            Outcome::new(&stacks, text)
        }
    }
}

/// Whether the argument of `check` is a file rather than a stack name.
pub fn is_file(target: &str) -> bool {
    target.contains(['/', '\\'])
        || Path::new(target).extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"))
}

/// Validates a profile file at any path.
pub fn check_file(target: &str) -> Result<Outcome, PanelError> {
    let path = Path::new(target);
    let unreadable =
        |why: String| PanelError::new(ErrorCode::Storage, target, format!("Failed to read {target}: {why}."));
    let facts = std::fs::metadata(path).map_err(|error| unreadable(error.to_string()))?;
    if !facts.is_file() {
        return Err(unreadable("not a regular file".into()));
    }
    if facts.len() > MAX_FILE {
        return Err(unreadable("larger than 1 MiB".into()));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let parsed = match String::from_utf8(bytes) {
        Ok(text) => Profile::parse(&text, path),
        Err(_) => {
            Err(PanelError::new(ErrorCode::InvalidConfig, target, format!("{target} is not UTF-8 text.")))
        }
    };
    verdict(target, parsed)
}

fn check_name(stacks: &StackList, name: &str) -> Result<Outcome, PanelError> {
    let Some(entry) = stacks.stacks.iter().find(|entry| entry.name == name) else {
        let known: Vec<&str> = stacks.stacks.iter().map(|entry| entry.name.as_str()).collect();
        return Err(PanelError::new(ErrorCode::NotFound, "stacks", format!("Stack {name:?} not found."))
            .with_hint(format!("Available stacks: {}. To use a file, give its path.", known.join(", "))));
    };
    match &entry.source {
        StackSource::File { path } => check_file(path),
        StackSource::BuiltIn => {
            verdict(name, entry.error.clone().map_or_else(|| Ok(Profile::builtin()), Err))
        }
    }
}

fn verdict(target: &str, checked: Result<Profile, PanelError>) -> Result<Outcome, PanelError> {
    let mut text = match &checked {
        Ok(_) => format!("{} is valid.\n", plain(target)),
        Err(error) if error.hint.is_empty() => String::new(),
        Err(error) => format!("{}\n", plain_lines(&error.hint)),
    };
    let warnings = checked.as_ref().map(credential_warnings).unwrap_or_default();
    for warning in warnings.iter().filter(|warning| !warning.blocked) {
        text.push_str(&format!("Warning: {}: {}\n", plain(&warning.key), plain(&warning.text)));
    }
    let shown: Vec<_> =
        warnings.iter().map(|warning| json!({"key": warning.key, "message": warning.text})).collect();
    let error = checked.err();
    let data = json!({"target": target, "valid": error.is_none(), "error": error, "warnings": shown});
    let mut outcome = Outcome::new(&data, text)?;
    if let Some(error) = error {
        outcome.find(error.message);
    }
    for warning in warnings.into_iter().filter(|warning| warning.blocked) {
        outcome.find(format!("{}: {}", warning.key, warning.text));
    }
    Ok(outcome)
}

pub(super) fn list(stacks: &StackList) -> Result<Outcome, PanelError> {
    let rows: Vec<Vec<Cell>> = stacks
        .stacks
        .iter()
        .map(|entry| {
            let active = entry.name == stacks.active;
            let source = match &entry.source {
                StackSource::BuiltIn => "built-in",
                StackSource::File { path } => path,
            };
            let (word, look) =
                if entry.error.is_some() { ("invalid", Style::Bad) } else { ("valid", Style::Good) };
            vec![
                cell(if active { "*" } else { "" }),
                painted(&entry.name, if active { Style::Strong } else { Style::None }),
                painted(word, look),
                cell(source),
            ]
        })
        .collect();
    let mut outcome = Outcome::new(stacks, table(&["", "STACK", "PROFILE", "SOURCE"], &rows))?;
    for entry in &stacks.stacks {
        if let Some(error) = &entry.error {
            outcome.find(format!("{}: {}", entry.name, error.message));
        }
    }
    Ok(outcome)
}

pub(super) fn detail_text(detail: &StackDetail) -> String {
    let source = match &detail.source {
        StackSource::BuiltIn => "built-in",
        StackSource::File { path } => path,
    };
    let mut rows = vec![
        vec![cell("Stack"), cell(&detail.name)],
        vec![cell("Source"), cell(source)],
        vec![cell("Tenant label"), cell(&detail.tenant_label)],
        vec![cell("VIP tenants"), cell(detail.vip_tenants.join(", "))],
    ];
    if !detail.heartbeat.is_empty() {
        rows.push(vec![cell("Heartbeat"), cell(&detail.heartbeat)]);
    }
    for (name, endpoint) in [
        ("Prometheus", &detail.prometheus),
        ("Alertmanager", &detail.alertmanager),
        ("Grafana", &detail.grafana),
    ] {
        rows.extend(endpoint_rows(name, endpoint));
    }
    for gauge in &detail.gauges {
        let side = if gauge.higher_is_better { "≥" } else { "≤" };
        rows.push(vec![
            cell(format!("Gauge {}", gauge.id)),
            cell(format!(
                "{}: target {side} {}, limit {side} {}",
                gauge.title,
                threshold(gauge.warn, &gauge.unit),
                threshold(gauge.critical, &gauge.unit)
            )),
        ]);
    }
    table(&["FIELD", "VALUE"], &rows)
}

fn endpoint_rows(name: &str, endpoint: &EndpointSpec) -> Vec<Vec<Cell>> {
    if endpoint.urls.is_empty() {
        return vec![vec![cell(name), painted("not used", Style::Dim)]];
    }
    let auth = match &endpoint.auth {
        AuthSpec::None => String::new(),
        AuthSpec::Basic { username } => format!(" (basic, user {username})"),
        AuthSpec::Bearer => " (bearer token)".to_owned(),
    };
    let auth = if endpoint.allow_plain_http { format!("{auth} (plain HTTP allowed)") } else { auth };
    let mut rows: Vec<_> =
        endpoint.urls.iter().map(|url| vec![cell(name), cell(format!("{url}{auth}"))]).collect();
    rows.extend(
        endpoint
            .headers
            .iter()
            .map(|(key, value)| vec![cell(format!("{name} header")), cell(format!("{key}: {value}"))]),
    );
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_a_name() {
        for file in ["./x", "x.toml", "a/b", "C:\\x", "X.TOML"] {
            assert!(is_file(file), "{file}");
        }
        for name in ["aetherlink", "prod-eu", "x.json"] {
            assert!(!is_file(name), "{name}");
        }
    }
}
