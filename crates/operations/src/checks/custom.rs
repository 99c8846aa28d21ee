//! Checks of the profile's own: a query whose every value has to fit, or an address that has to answer.

use aether_foundation::text::{plural, verb};
use std::{sync::Arc, time::Duration};

use aether_clients::{probe::probe, prometheus::QueryValue};
use aether_contract::{PanelError, ServiceKind};

use super::{CheckContext, CheckOutcome};
use aether_foundation::stack::{CustomCheck, OwnKind};

/// How long an address may take to answer.
const LIMIT: Duration = Duration::from_secs(10);
/// Series that are shown.
const MOST: usize = 20;

/// Makes one.
///
/// # Errors
/// Prometheus' codes.
pub async fn make(scene: &Arc<CheckContext>, own: &CustomCheck) -> Result<CheckOutcome, PanelError> {
    match &own.kind {
        OwnKind::Query { query, comparison, threshold } => {
            let client = scene.live.clients.prometheus().await?;
            let reply =
                client.instant(query, None).await.map_err(|error| error.to_panel(ServiceKind::Prometheus))?;
            let values: Vec<(String, f64)> = match reply.value.value {
                QueryValue::Vector(all) => {
                    all.into_iter().map(|one| (labels(&one.labels), one.value)).collect()
                }
                QueryValue::Scalar { value, .. } => vec![("scalar".to_owned(), value)],
                _ => {
                    return Ok(CheckOutcome::fail(
                        "The query does not return numbers.",
                        vec![query.clone()],
                        "Fix the query in the profile.",
                    ));
                }
            };
            Ok(judge(query, comparison, *threshold, &values, &own.remedy))
        }
        OwnKind::Http { url, status, contains } => {
            let found = match probe(url, LIMIT).await {
                Ok(found) => found,
                Err(why) => {
                    return Ok(CheckOutcome::fail(
                        format!("{url} is unreachable."),
                        vec![why],
                        own.remedy.clone(),
                    ));
                }
            };
            let lines = vec![format!("GET {url}: {} in {} ms", found.status, found.took.as_millis())];
            if found.status != *status {
                return Ok(CheckOutcome::fail(
                    format!("{url} returned {}, expected {status}.", found.status),
                    lines,
                    own.remedy.clone(),
                ));
            }
            if !contains.is_empty() && !found.body.contains(contains) {
                return Ok(CheckOutcome::fail(
                    format!("The response of {url} does not contain \"{contains}\"."),
                    lines,
                    own.remedy.clone(),
                ));
            }
            Ok(CheckOutcome::pass(format!("{url} returned {status}."), lines))
        }
    }
}

fn labels(labels: &std::collections::BTreeMap<String, String>) -> String {
    let list: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    format!("{{{}}}", list.join(", "))
}

/// Whether every value fits. No value fits nothing: what is expected to be there has to be there. Pure.
fn judge(
    query: &str,
    comparison: &str,
    threshold: f64,
    values: &[(String, f64)],
    remedy: &str,
) -> CheckOutcome {
    let mut lines = vec![format!("{query}: expected {comparison} {threshold}")];
    lines.extend(values.iter().take(MOST).map(|(labels, value)| format!("{labels}: {value}")));
    if values.is_empty() {
        return CheckOutcome::fail("The query returned no data.", lines, remedy);
    }
    let wrong = values.iter().filter(|(_, value)| !fits(*value, comparison, threshold)).count();
    if wrong > 0 {
        let words = format!("{wrong} of {} not {comparison} {threshold}.", plural(values.len(), "value"));
        return CheckOutcome::fail(words, lines, remedy);
    }
    CheckOutcome::pass(
        format!("{} {comparison} {threshold}.", verb(values.len(), "value is", "values are")),
        lines,
    )
}

fn fits(value: f64, comparison: &str, threshold: f64) -> bool {
    match comparison {
        "<" => value < threshold,
        "<=" => value <= threshold,
        ">" => value > threshold,
        ">=" => value >= threshold,
        "==" => value == threshold,
        "!=" => value != threshold,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use aether_contract::CheckState;

    use super::*;

    #[test]
    fn every_value_has_to_fit_and_nothing_fits_nothing() {
        let state = |comparison: &str, values: &[f64]| {
            let values: Vec<_> = values.iter().map(|value| ("x".to_owned(), *value)).collect();
            judge("q", comparison, 3.0, &values, "").state
        };
        assert_eq!(state(">", &[4.0, 5.0]), CheckState::Pass);
        assert_eq!(state(">", &[4.0, 3.0]), CheckState::Fail);
        assert_eq!(state("<=", &[3.0]), CheckState::Pass);
        assert_eq!(state(">", &[]), CheckState::Fail);
        assert_eq!(state("<", &[f64::NAN]), CheckState::Fail, "NaN fits nothing");
        assert_eq!(state("!=", &[f64::NAN]), CheckState::Pass);
    }
}
