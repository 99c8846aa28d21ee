//! Escalation: clocks that run on live conditions. The panel calls nobody: it says whom to call, opens a mail
//! or a chat that is filled in, and keeps who was called.

pub mod call_log;
mod clocks;
mod message_template;

use aether_context::Context;
use aether_foundation::author;
use std::sync::Arc;

use aether_contract::*;

use crate::alerts::ack::Acks;
use aether_context::session::{SessionState, StackSession};
use aether_foundation::{clock, task::blocking};

pub use call_log::CallLog;
pub use clocks::Seen;

/// Who has to be called, and who was.
pub struct Escalation {
    ctx: Arc<Context>,
    acks: Arc<Acks>,
    seen: Seen,
    calls: CallLog,
}

impl Escalation {
    /// Reads the calls from the journal. One that can't be read gives none; its error is logged.
    pub fn load(ctx: Arc<Context>, acks: Arc<Acks>) -> Arc<Self> {
        let calls = CallLog::load(&ctx.journal);
        Arc::new(Self { ctx, acks, seen: Seen::default(), calls })
    }

    /// Writes into alerts who has acknowledged and who has escalated them.
    pub fn annotate(&self, stack: &str, rows: &mut [AlertRow]) {
        self.acks.overlay(stack, rows.iter_mut());
        self.calls.overlay_rows(stack, rows);
    }
}

/// Clocks that travel with the snapshot.
const SHOWN: usize = 20;

/// Every clock that runs now, those that are due first.
pub fn all(escalation: &Escalation, live: &StackSession, state: &SessionState) -> Vec<EscalationClock> {
    let gauges: Vec<&Gauge> = state.prometheus.gauges.iter().map(|known| &known.gauge).collect();
    let marked = |id: &str| escalation.calls.since(&live.profile.name, id);
    let rows = &state.index.rows;
    let mut clocks = escalation.seen.clocks(&live.profile, rows, &gauges, &marked, clock::now());
    escalation.acks.lookup(&live.profile.name, &mut clocks);
    escalation.calls.overlay(&live.profile.name, &mut clocks);
    clocks.sort_by(|a, b| {
        (a.is_settled(), a.due_at, a.rule, &a.id).cmp(&(b.is_settled(), b.due_at, b.rule, &b.id))
    });
    clocks
}

/// What is shown of them everywhere.
pub fn status(escalation: &Escalation, live: &StackSession, state: &SessionState) -> EscalationStatus {
    let mut clocks = all(escalation, live, state);
    let total = u32::try_from(clocks.len()).unwrap_or(u32::MAX);
    clocks.truncate(SHOWN);
    EscalationStatus { clocks, total }
}

/// Records or removes an escalation.
///
/// # Errors
/// `not-found` for a clock that does not run any more, `invalid-request` for a note that is too long, `storage`.
pub async fn mark(
    escalation: &Escalation,
    request: EscalationMarkRequest,
) -> Result<EscalationClock, PanelError> {
    let note = request.note.map(|note| note.trim().to_owned());
    if note.as_ref().is_some_and(|note| note.chars().count() > 500) {
        let words = "A note can have at most 500 characters.";
        return Err(PanelError::new(ErrorCode::InvalidRequest, "escalation", words));
    }
    let live = escalation.ctx.live();
    let mut clock = find(escalation, &live, &request.id)?;
    let detail = call_log::Detail {
        stack: live.profile.name.clone(),
        since: clock.since,
        by: author::author(&request.by),
        note,
    };
    let (key, at) = (clock.id.clone(), clock::now());
    let (subject, written) = (key.clone(), detail.clone());
    escalation.ctx.journaled(move |journal| call_log::write(journal, &subject, &written, at)).await?;
    escalation.calls.put(&key, &detail, at);
    escalation.calls.overlay(&live.profile.name, [&mut clock]);
    {
        // The alert list shows it.
        let mut state = live.state();
        state.alerts_revision = state.alerts_revision.wrapping_add(1);
    }
    escalation.ctx.changed.notify_one();
    Ok(clock)
}

/// Opens a mail or a chat, filled in. Nothing is sent.
///
/// # Errors
/// `not-found` for a clock that does not run any more, or a contact that has no such way; what the desktop says.
pub async fn contact(
    escalation: &Escalation,
    request: EscalationContactRequest,
) -> Result<Empty, PanelError> {
    let live = escalation.ctx.live();
    let clock = find(escalation, &live, &request.id)?;
    let whom = live.profile.escalation_table.contact(clock.rule);
    let url = match request.way {
        EscalationMethod::Mail => {
            whom.mail.as_ref().map(|mail| message_template::mail(mail, &clock, &live.profile.name))
        }
        EscalationMethod::Chat => {
            whom.chat.as_ref().map(|chat| message_template::chat(chat, &clock, &live.profile.name))
        }
    };
    let url = url.ok_or_else(|| {
        PanelError::new(
            ErrorCode::NotFound,
            "escalation",
            format!("No such contact address configured for {}.", whom.name),
        )
        .with_hint(format!("Set it in [escalation.{}] in the stack’s profile.", clock.rule.as_str()))
    })?;
    let host = Arc::clone(&escalation.ctx.host);
    blocking(move || host.open_url(&url)).await?;
    Ok(Empty {})
}

fn find(escalation: &Escalation, live: &StackSession, id: &str) -> Result<EscalationClock, PanelError> {
    let found = {
        let state = live.state();
        all(escalation, live, &state).into_iter().find(|clock| clock.id == id)
    };
    found.ok_or_else(|| {
        PanelError::new(
            ErrorCode::NotFound,
            "escalation",
            "This clock has stopped: its alert or gauge has recovered.",
        )
    })
}
