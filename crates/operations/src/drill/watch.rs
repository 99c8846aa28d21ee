//! Looks for the moment when a drill can be seen, and for the one when it is over.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aether_contract::{DrillOutcome, PanelError};

use super::{
    finish,
    record::{self, Record},
    sighted, simulator,
};
use crate::drill::Drills;
use aether_context::session::StackSession;
use aether_foundation::clock;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
/// How often the simulator is polled for the drill's state.
const ASKED_EVERY: Duration = Duration::from_secs(5);
/// A simulator that is silent for so long has ended.
const SILENT: Duration = Duration::from_secs(120);
/// Longest wait for its answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// A drill that has not begun by then never will.
const BEGUN_WITHIN_MS: i64 = 180_000;

/// Looks as long as the panel runs.
pub async fn watch(drills: Arc<Drills>) {
    let mut pulse = Pulse::default();
    loop {
        tokio::time::sleep(EVERY).await;
        let live = drills.ctx.live();
        if live.profile.simulator.is_none() {
            continue;
        }
        let looked = match look(&drills, &live).await {
            Ok(Some(record)) => pulse.feel(&drills, &live, &record).await,
            Ok(None) => {
                pulse = Pulse::default();
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = looked {
            tracing::warn!(code = error.code.as_str(), %error, "failed to poll the drill");
        }
    }
}

/// Polls once: records the first symptoms, and ends the drill when the servers show recovery. Returns the
/// running drill.
///
/// # Errors
/// `storage`; what the simulator could not put back.
pub async fn look(drills: &Drills, live: &StackSession) -> Result<Option<Record>, PanelError> {
    let Some(known) = shown(drills, live).await? else { return Ok(None) };
    if !known.begun {
        return Ok(Some(known));
    }
    let now = clock::now();
    let (seen, over) = sighted(drills, live, |sight| (sight.signal(&known), sight.over(&known)));
    let first = known.signal_at.is_none() && seen;
    // What was mended before anybody could see it is over, too.
    if !first && !over {
        return Ok(Some(known));
    }
    let (stack, id) = (live.profile.name.clone(), known.id.clone());
    let changed = move |record: &mut Record| {
        if first {
            record.signal_at.get_or_insert(now);
        }
        if over {
            record.over_at.get_or_insert(now);
        }
        true
    };
    let kept = drills.ctx.journaled(move |journal| record::amend(journal, &stack, &id, changed)).await?;
    if let Some(kept) = kept.clone() {
        drills.update(kept);
    }
    drills.ctx.changed.notify_one();
    if over {
        finish(drills, live, &known.id, DrillOutcome::Resolved).await?;
        return Ok(None);
    }
    Ok(kept)
}

/// Updates the running drill shown in the snapshot.
async fn shown(drills: &Drills, live: &StackSession) -> Result<Option<Record>, PanelError> {
    let _one = drills.gate.lock().await;
    let stack = live.profile.name.clone();
    let open = drills.ctx.journaled(move |journal| record::open(journal, &stack)).await?;
    let known = open.map(|(_, record)| record);
    drills.show(known.clone());
    Ok(known)
}

/// Whether the simulator still knows the drill.
#[derive(Default)]
struct Pulse {
    asked: Option<Instant>,
    heard: Option<Instant>,
}

impl Pulse {
    async fn feel(
        &mut self,
        drills: &Drills,
        live: &StackSession,
        record: &Record,
    ) -> Result<(), PanelError> {
        if self.asked.is_some_and(|at| at.elapsed() < ASKED_EVERY) {
            return Ok(());
        }
        self.asked = Some(Instant::now());
        let heard = *self.heard.get_or_insert_with(Instant::now);
        // It answers nothing while it starts or ends a server.
        let answer = tokio::time::timeout(PATIENCE, simulator(live)?.state()).await;
        let gone = match answer {
            // Whoever begins it may have been killed meanwhile.
            Ok(Ok(_)) if !record.begun => clock::now().millis_since(record.started_at) > BEGUN_WITHIN_MS,
            Ok(Ok(state)) => {
                self.heard = Some(Instant::now());
                state.value.drill.is_none_or(|drill| drill.id != record.id)
            }
            Ok(Err(_)) | Err(_) => heard.elapsed() > SILENT,
        };
        if gone {
            finish(drills, live, &record.id, DrillOutcome::CutOff).await?;
        }
        Ok(())
    }
}
