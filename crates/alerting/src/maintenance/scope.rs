//! What a window mutes and how it is marked: default matchers, the tag in the comment, checks of a request.
//!
//! A silence for everything must also reach alerts without an `alertname` and values with a newline, which
//! `alertname=~".+"` does not. One negative matcher does, and Alertmanager accepts it because negative matchers never
//! count as matching the empty string.

use aether_contract::{ErrorCode, MaintenanceRequest, Matcher, PanelError, Timestamp};
use aether_foundation::author::{MAX_AUTHOR, MAX_REASON};

use aether_foundation::matching::matcher::{matches_empty, text};

/// A value that no alert's name has: "every alert" as one negative matcher.
const NO_ALERT: &str = "no-alert-has-this-name";

/// Most matchers of one silence.
const MAX_MATCHERS: usize = 64;

/// Furthest begin in the future.
const MAX_AHEAD_MS: i64 = 366 * 86_400_000;

/// Shortest window, in seconds.
pub const MIN_SECONDS: u32 = 60;

/// Every alert but the heartbeat.
pub fn default_matchers(heartbeat: Option<&str>) -> Vec<Matcher> {
    vec![Matcher {
        name: "alertname".to_owned(),
        value: heartbeat.filter(|name| !name.is_empty()).unwrap_or(NO_ALERT).to_owned(),
        is_regex: false,
        is_equal: false,
    }]
}

/// The maintainers' form, for a server that refuses a lone negative matcher. It misses alerts without a name.
pub fn fallback_matchers(heartbeat: Option<&str>) -> Vec<Matcher> {
    let any =
        Matcher { name: "alertname".to_owned(), value: ".+".to_owned(), is_regex: true, is_equal: true };
    match heartbeat.filter(|name| !name.is_empty()) {
        Some(_) => default_matchers(heartbeat).into_iter().chain([any]).collect(),
        None => vec![any],
    }
}

/// Whether these matchers are [`default_matchers`].
pub fn is_default(matchers: &[Matcher], heartbeat: Option<&str>) -> bool {
    matchers == default_matchers(heartbeat)
}

/// Checks a request for a window; returns the matchers it means.
///
/// # Errors
/// `invalid-request`, naming the field.
pub fn check(
    request: &MaintenanceRequest,
    max_s: u32,
    heartbeat: Option<&str>,
    reason_required: bool,
    now: Timestamp,
) -> Result<Vec<Matcher>, PanelError> {
    if request.duration_s < MIN_SECONDS || request.duration_s > max_s {
        return Err(refuse(format!("A window must last 1 to {} minutes.", max_s / 60))
            .with_hint("The maximum duration can be changed in Settings."));
    }
    let latest = now.plus_millis(MAX_AHEAD_MS);
    if request.starts_at.is_some_and(|at| at > latest) {
        return Err(refuse("A window must start within a year."));
    }
    let reason = request.reason.trim();
    if reason_required && reason.is_empty() {
        return Err(refuse("A reason is required.")
            .with_hint("Describe the work, for anyone who reviews the window later."));
    }
    if reason.chars().count() > MAX_REASON {
        return Err(refuse(format!("The reason is longer than {MAX_REASON} characters.")));
    }
    if request.created_by.chars().count() > MAX_AUTHOR {
        return Err(refuse(format!("The creator's name is longer than {MAX_AUTHOR} characters.")));
    }
    if request.matchers.is_empty() {
        return Ok(default_matchers(heartbeat));
    }
    if request.matchers.len() > MAX_MATCHERS {
        return Err(refuse(format!("There are more than {MAX_MATCHERS} matchers.")));
    }
    if request.matchers.iter().any(|matcher| matcher.name.is_empty()) {
        return Err(refuse("A matcher needs a label name."));
    }
    if request.matchers.iter().all(matches_empty) {
        let all: Vec<String> = request.matchers.iter().map(text).collect();
        return Err(refuse(format!(
            "Alertmanager does not accept {}: at least one matcher must not match the empty string.",
            all.join(", ")
        ))
        .with_hint("To mute every alert, leave the matchers empty."));
    }
    Ok(request.matchers.clone())
}

fn refuse(message: impl Into<String>) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "maintenance", message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use aether_foundation::matching::matcher::{all_match, compile};

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn request() -> MaintenanceRequest {
        MaintenanceRequest {
            duration_s: 600,
            reason: "deploy".into(),
            created_by: String::new(),
            matchers: Vec::new(),
            starts_at: None,
        }
    }

    #[test]
    fn the_default_reaches_alerts_without_a_name_and_leaves_the_heartbeat() {
        let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect()
        };
        let all = compile(&default_matchers(None)).unwrap();
        for alert in [labels(&[]), labels(&[("alertname", "a\nb")]), labels(&[("alertname", "Watchdog")])] {
            assert!(all_match(&all, &alert), "{alert:?}");
        }
        let but = compile(&default_matchers(Some("Watchdog"))).unwrap();
        assert!(!all_match(&but, &labels(&[("alertname", "Watchdog")])));
        assert!(all_match(&but, &labels(&[("job", "x")])));
        let but = compile(&fallback_matchers(Some("Watchdog"))).unwrap();
        assert!(!all_match(&but, &labels(&[("alertname", "Watchdog")])));
    }

    #[test]
    fn a_request_is_refused_by_the_field_that_is_wrong() {
        let empty = Matcher { name: "a".into(), value: ".*".into(), is_regex: true, is_equal: true };
        let table: Vec<(MaintenanceRequest, &str)> = vec![
            (MaintenanceRequest { duration_s: 59, ..request() }, "minute"),
            (MaintenanceRequest { duration_s: 28_801, ..request() }, "480 minutes"),
            (MaintenanceRequest { reason: "  ".into(), ..request() }, "reason is required"),
            (MaintenanceRequest { reason: "ä".repeat(501), ..request() }, "500"),
            (MaintenanceRequest { matchers: vec![empty], ..request() }, "empty string"),
        ];
        for (request, expected) in table {
            let error = check(&request, 28_800, None, true, NOW).unwrap_err();
            assert!(error.message.contains(expected), "{}", error.message);
        }
        assert!(check(&request(), 28_800, None, true, NOW).is_ok());
        assert!(
            check(&MaintenanceRequest { reason: "ä".repeat(500), ..request() }, 28_800, None, true, NOW)
                .is_ok()
        );
    }

    #[test]
    fn window_that_starts_more_than_a_year_from_now_is_rejected() {
        let at = |ms| MaintenanceRequest { starts_at: Some(NOW.plus_millis(ms)), ..request() };
        assert!(check(&at(MAX_AHEAD_MS), 28_800, None, true, NOW).is_ok());
        assert!(check(&at(MAX_AHEAD_MS + 1), 28_800, None, true, NOW).is_err());
    }
}
