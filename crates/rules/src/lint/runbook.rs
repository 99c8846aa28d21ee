//! An alert's runbook link leads somewhere. Page: `docs/checks/runbook.md`.

use aether_contract::{FindingSeverity, RuleFinding, RuleLinkState};

use super::{Subject, finding};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    if !subject.rule.alerting {
        return;
    }
    let why = "At 3 a.m., the runbook link is the first thing people click.";
    match subject.rule.annotations.get("runbook_url").map(|link| link.trim()) {
        None | Some("") => findings.push(finding(
            "runbook",
            FindingSeverity::Info,
            "The alert has no runbook_url.",
            why,
            "Add the annotation runbook_url with a page that says what to do.",
        )),
        Some(link) if link.contains("{{") => {}
        Some(link) => {
            let scheme = link.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
            let problem = match scheme.as_deref() {
                Some("http" | "https") => subject
                    .facts
                    .links
                    .get(link)
                    .filter(|asked| asked.state == RuleLinkState::Dead)
                    .map(|_| "page not found".to_owned()),
                Some(_) => Some("not an HTTP or HTTPS address".to_owned()),
                None if link.contains(':') => Some("not an HTTP or HTTPS address".to_owned()),
                None => subject
                    .facts
                    .runbooks
                    .as_ref()
                    .filter(|files| !files.contains(link.split('#').next().unwrap_or(link)))
                    .map(|_| "file not found".to_owned()),
            };
            if let Some(problem) = problem {
                findings.push(finding(
                    "runbook",
                    FindingSeverity::Warning,
                    format!("Dead runbook link {link}: {problem}."),
                    why,
                    "Fix the link, or write the page.",
                ));
            }
        }
    }
}
