//! Fills the time that the panel was closed in from Prometheus' own series `ALERTS`.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use aether_contract::{ServiceKind, Timestamp};

use super::{Filled, store::Kept};
use crate::history::AlertHistory;
use aether_context::session::StackSession;
use aether_foundation::matching::fingerprint::fingerprint;
use aether_foundation::{clock, text::truncate_all};

/// How far back is filled in at most: further than that few servers reach.
const LONGEST_MS: i64 = 30 * 86_400_000;
/// A gap shorter than this is none.
const SHORTEST_MS: i64 = 30_000;
/// A failed attempt is repeated after this long.
const AGAIN: Duration = Duration::from_secs(300);
/// Series that fire.
pub const FIRING: &str = "ALERTS{alertstate=\"firing\"}";

/// Fills the gap in, once a run; nothing is asked while Prometheus does not answer.
pub fn fill(history: &Arc<AlertHistory>, live: &Arc<StackSession>) {
    let stack = &live.profile.name;
    let due = match history.filled(stack) {
        Filled::Not => true,
        Filled::Failed(_, at) => at.elapsed() > AGAIN,
        Filled::Running | Filled::Done => false,
    };
    let fresh = live.state().prometheus.probe.freshness.is_fresh();
    if !due || !fresh {
        return;
    }
    history.set_filled(stack, Filled::Running);
    let (history, live) = (Arc::clone(history), Arc::clone(live));
    tokio::spawn(async move {
        let filled = match Box::pin(ask(&history, &live)).await {
            Ok(episodes) => {
                tracing::info!(stack = live.profile.name, episodes, "history backfilled from Prometheus");
                Filled::Done
            }
            Err(why) => Filled::Failed(why, Instant::now()),
        };
        history.set_filled(&live.profile.name, filled);
    });
}

async fn ask(history: &AlertHistory, live: &StackSession) -> Result<usize, String> {
    let told = |why: &str| format!("Failed to backfill history for the time the panel was closed: {why}");
    let stack = live.profile.name.clone();
    let to = live.state().prometheus.probe.server_now().unwrap_or_else(clock::now);
    let keep = i64::from(history.ctx.settings.get().history_days).saturating_mul(86_400_000);
    let earliest = to.plus_millis(-LONGEST_MS.min(keep));
    let from = history.known_until(&stack).map_or(earliest, |until| until.max(earliest));
    if to.millis_since(from) < SHORTEST_MS {
        return Ok(0);
    }
    let step = step(to.millis_since(from));
    let client = live.clients.prometheus().await.map_err(|error| told(&error.message))?;
    let reply = Box::pin(client.range(FIRING, from, to, step))
        .await
        .map_err(|error| told(&error.to_panel(ServiceKind::Prometheus).message))?;
    let series = reply
        .value
        .into_iter()
        .map(|one| (one.labels, one.values.into_iter().map(|(at, _)| at).collect::<Vec<_>>()))
        .collect::<Vec<_>>();
    let store = Arc::clone(&history.store);
    let written = tokio::task::spawn_blocking(move || {
        let known = store.between(&stack, from, to)?;
        let missing = missing(series, &known, step, to);
        store.write(&stack, &missing)?;
        Ok::<_, aether_contract::PanelError>(missing.len())
    });
    written.await.map_err(|error| told(&error.to_string()))?.map_err(|error| told(&error.message))
}

/// Fine for a break, coarser for weeks.
fn step(span_ms: i64) -> Duration {
    let seconds = match span_ms / 3_600_000 {
        0 => 10,
        1..=5 => 30,
        6..=47 => 60,
        _ => 300,
    };
    Duration::from_secs(seconds)
}

/// What the samples tell that is not known yet: episodes that nobody saw, and ends that nobody saw.
fn missing(
    series: Vec<(BTreeMap<String, String>, Vec<Timestamp>)>,
    known: &[Kept],
    step: Duration,
    to: Timestamp,
) -> Vec<Kept> {
    let step_ms = i64::try_from(step.as_millis()).unwrap_or(i64::MAX);
    let mut out = Vec::new();
    for (labels, at) in series {
        let labels: BTreeMap<String, String> =
            labels.into_iter().filter(|(name, _)| name != "__name__" && name != "alertstate").collect();
        let labels = truncate_all(&labels);
        // Alertmanager adds external labels, so what is known of this alert has these labels and perhaps more.
        let same: Vec<&Kept> = known
            .iter()
            .filter(|one| labels.iter().all(|(name, value)| one.labels.get(name) == Some(value)))
            .collect();
        for (began, last) in runs(&at, step_ms) {
            // What goes on is in the list of alerts already.
            if to.millis_since(last) <= 2 * step_ms {
                continue;
            }
            let ended = last.plus_millis(step_ms);
            let overlaps = |one: &&&Kept| {
                one.began <= ended.plus_millis(step_ms)
                    && one.ended.is_none_or(|end| end >= began.plus_millis(-step_ms))
            };
            match same.iter().find(overlaps) {
                None => out.push(Kept {
                    fingerprint: fingerprint(&labels).0,
                    labels: labels.clone(),
                    began,
                    ended: Some(ended),
                    seen: last,
                    range: None,
                    muted_ms: 0,
                    step_s: u32::try_from(step.as_secs()).unwrap_or(u32::MAX),
                }),
                // It was called ended when it was seen last, for want of better knowledge.
                Some(one) if one.ended == Some(one.seen) && ended > one.seen.plus_millis(step_ms) => {
                    out.push(Kept { ended: Some(ended), ..(**one).clone() });
                }
                Some(_) => {}
            }
        }
    }
    out
}

/// Stretches of samples without a gap: first and last of each.
pub fn runs(at: &[Timestamp], step_ms: i64) -> Vec<(Timestamp, Timestamp)> {
    let mut out: Vec<(Timestamp, Timestamp)> = Vec::new();
    for &sample in at {
        match out.last_mut() {
            Some((_, last)) if sample.millis_since(*last) <= step_ms + step_ms / 2 => *last = sample,
            _ => out.push((sample, sample)),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: fn(i64) -> Timestamp = |minute| Timestamp(1_700_000_000_000 + minute * 60_000);
    const STEP: Duration = Duration::from_secs(60);

    fn labels(more: &[(&str, &str)]) -> BTreeMap<String, String> {
        let all = [("__name__", "ALERTS"), ("alertname", "A"), ("alertstate", "firing")];
        all.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn seen(began: i64, ended: Option<i64>, last: i64, more: &[(&str, &str)]) -> Kept {
        let mut labels = labels(more);
        labels.retain(|name, _| name != "__name__" && name != "alertstate");
        Kept {
            fingerprint: "known".into(),
            labels,
            began: M(began),
            ended: ended.map(M),
            seen: M(last),
            range: None,
            muted_ms: 0,
            step_s: 0,
        }
    }

    #[test]
    fn a_gap_in_the_samples_separates_episodes_and_what_goes_on_is_left_out() {
        let at: Vec<Timestamp> = [0, 1, 2, 10, 11, 98, 99, 100].map(M).to_vec();
        let found = missing(vec![(labels(&[]), at)], &[], STEP, M(100));
        let told: Vec<_> = found.iter().map(|one| (one.began, one.ended.unwrap(), one.step_s)).collect();
        assert_eq!(told, [(M(0), M(3), 60), (M(10), M(12), 60)]);
        assert_eq!(found[0].labels.len(), 1, "{:?}", found[0].labels);
    }

    #[test]
    fn what_was_seen_is_not_written_twice_also_with_external_labels() {
        let at: Vec<Timestamp> = (0..10).map(M).collect();
        let known = [seen(0, Some(10), 9, &[("cluster", "eu")])];
        assert_eq!(missing(vec![(labels(&[]), at.clone())], &known, STEP, M(100)), []);
        let another = [seen(0, Some(10), 9, &[("tenant_id", "t1")])];
        let other = vec![(labels(&[("tenant_id", "t2")]), at)];
        assert_eq!(missing(other, &another, STEP, M(100)).len(), 1);
    }

    #[test]
    fn an_end_that_nobody_saw_is_read_afterwards() {
        let at: Vec<Timestamp> = (0..30).map(M).collect();
        let known = [seen(0, Some(5), 5, &[])];
        let found = missing(vec![(labels(&[]), at)], &known, STEP, M(100));
        assert_eq!((found.len(), found[0].ended, found[0].fingerprint.as_str()), (1, Some(M(30)), "known"));
    }
}
