//! What the panel can do of a mitigation: found in the commands that the page gives, so that an own page has the same
//! buttons. Nothing is done here; each opens a dialog or a screen. Pure.

use aether_contract::{RunbookAction, RunbookActionKind as Kind};

use super::{
    parse::{Fence, Mark},
    template::{self, Labels},
};

/// Most buttons.
const MAX_ACTIONS: usize = 12;

/// The buttons of a section, in the order of its commands, each once.
pub fn of(markdown: &str, labels: &Labels) -> Vec<RunbookAction> {
    let mut found: Vec<RunbookAction> = Vec::new();
    let mut fence = Fence::default();
    for line in markdown.lines() {
        if fence.take(line) != Mark::Inside {
            continue;
        }
        let Some(action) = action(line.trim(), labels) else { continue };
        if found.len() < MAX_ACTIONS && !found.contains(&action) {
            found.push(action);
        }
    }
    found
}

fn action(line: &str, labels: &Labels) -> Option<RunbookAction> {
    let words = words(line)?;
    let mut words = words.iter().map(String::as_str);
    if words.next()? != "aetherctl" {
        return None;
    }
    let kind = match words.next()? {
        "maintenance" if matches!(words.next()?, "start" | "preview") => {
            let mut matchers = Vec::new();
            while let Some(word) = words.next() {
                if word == "--matcher" {
                    // A label that is missing would leave a silence that mutes more than it says.
                    matchers.push(template::query(words.next()?, labels).ok()?);
                }
            }
            let kind = if matchers.is_empty() { Kind::Maintenance } else { Kind::Silence };
            return Some(RunbookAction { kind, matchers: matchers.join(" ") });
        }
        "backup" => Kind::Backups,
        "rules" => Kind::Rules,
        "check" => Kind::Checks,
        "alerts" => Kind::Alerts,
        "status" | "gauges" => Kind::Overview,
        _ => return None,
    };
    Some(RunbookAction { kind, matchers: String::new() })
}

/// The words of a command line: single and double quotes, nothing else of a shell. None when a quote is not closed.
fn words(line: &str) -> Option<Vec<String>> {
    let (mut out, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(open), c) if open == c => quote = None,
            (None, ' ' | '\t') => out.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word);
    quote.is_none().then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::matching::filter;

    const TEXT: &str = "1. Mute it.\n\n```sh\naetherctl gauges --tenants\naetherctl maintenance preview --for \
        30m --comment \"Known\" --matcher 'alertname=\"A\"' --matcher 'tenant_id=\"{{tenant_id}}\"'\naetherctl \
        maintenance start --for 30m --comment \"Known\" --matcher 'alertname=\"A\"' --matcher \
        'tenant_id=\"{{tenant_id}}\"'\naetherctl check quick\ndocker compose up -d\n```\n\naetherctl rules list\n";

    #[test]
    fn commands_become_buttons_once_and_a_silence_has_the_labels_of_the_alert() {
        let labels = Labels::from([("tenant_id".into(), "a\"b\\".into())]);
        let found = of(TEXT, &labels);
        let kinds: Vec<Kind> = found.iter().map(|action| action.kind).collect();
        assert_eq!(kinds, [Kind::Overview, Kind::Silence, Kind::Checks]);
        assert_eq!(found[1].matchers, r#"alertname="A" tenant_id="a\"b\\""#);
        // It is the value that the alert has, and nothing else.
        let read = filter::Filter::parse(&found[1].matchers).unwrap();
        assert!(read.passes_labels(
            &aether_foundation::testing::row(&[("alertname", "A"), ("tenant_id", "a\"b\\")]).labels
        ));
        assert!(!read.passes_labels(
            &aether_foundation::testing::row(&[("alertname", "A"), ("tenant_id", "ab")]).labels
        ));
    }

    #[test]
    fn a_silence_whose_label_is_missing_is_not_offered_wider() {
        let kinds: Vec<Kind> = of(TEXT, &Labels::new()).iter().map(|action| action.kind).collect();
        assert_eq!(kinds, [Kind::Overview, Kind::Checks]);
    }

    #[test]
    fn a_window_without_matchers_is_for_everything() {
        let found = of("```\naetherctl maintenance start --for 1h --comment x\n```", &Labels::new());
        assert_eq!(found, [RunbookAction { kind: Kind::Maintenance, matchers: String::new() }]);
        assert!(of("```\naetherctl maintenance end --all\naetherctl 'x\n```", &Labels::new()).is_empty());
    }
}
