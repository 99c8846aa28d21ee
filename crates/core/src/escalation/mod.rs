//! Escalation: clocks that run on live conditions. The panel calls nobody: it says whom to call, opens a mail
//! or a chat that is filled in, and keeps who was called.

mod clocks;
mod marks;
mod words;

use std::sync::Arc;

use aether_contract::*;

use crate::{
    maintenance::scope,
    panel::{
        blocking, clock,
        core::Core,
        live::{Live, LiveState},
    },
};

pub use clocks::Seen;
pub use marks::Marks;

/// Clocks that travel with the snapshot.
const SHOWN: usize = 20;

/// Every clock that runs now, those that are due first.
pub fn all(core: &Core, live: &Live, state: &LiveState) -> Vec<EscalationClock> {
    let gauges: Vec<&Gauge> = state.prometheus.gauges.iter().map(|known| &known.gauge).collect();
    let marked = |id: &str| core.escalations.since(&live.profile.name, id);
    let rows = &state.index.rows;
    let mut clocks = core.escalation_seen.clocks(&live.profile, rows, &gauges, &marked, clock::now());
    core.acks.lookup(&live.profile.name, &mut clocks);
    core.escalations.overlay(&live.profile.name, &mut clocks);
    clocks.sort_by(|a, b| {
        (a.is_settled(), a.due_at, a.rule, &a.id).cmp(&(b.is_settled(), b.due_at, b.rule, &b.id))
    });
    clocks
}

/// What is shown of them everywhere.
pub fn status(core: &Core, live: &Live, state: &LiveState) -> EscalationStatus {
    let mut clocks = all(core, live, state);
    let total = u32::try_from(clocks.len()).unwrap_or(u32::MAX);
    clocks.truncate(SHOWN);
    EscalationStatus { clocks, total }
}

/// Records or removes an escalation.
///
/// # Errors
/// `not-found` for a clock that does not run any more, `invalid-request` for a note that is too long, `storage`.
pub async fn mark(core: &Core, request: EscalationMarkRequest) -> Result<EscalationClock, PanelError> {
    let note = request.note.map(|note| note.trim().to_owned());
    if note.as_ref().is_some_and(|note| note.chars().count() > 500) {
        let words = "A note can have at most 500 characters.";
        return Err(PanelError::new(ErrorCode::InvalidRequest, "escalation", words));
    }
    let live = core.live();
    let mut clock = find(core, &live, &request.id)?;
    let detail = marks::Detail {
        stack: live.profile.name.clone(),
        since: clock.since,
        by: scope::author(&request.by),
        note,
    };
    let (key, at) = (clock.id.clone(), clock::now());
    let (subject, written) = (key.clone(), detail.clone());
    core.journaled(move |journal| marks::write(journal, &subject, &written, at)).await?;
    core.escalations.put(&key, &detail, at);
    core.escalations.overlay(&live.profile.name, [&mut clock]);
    core.changed.notify_one();
    Ok(clock)
}

/// Opens a mail or a chat, filled in. Nothing is sent.
///
/// # Errors
/// `not-found` for a clock that does not run any more, or a contact that has no such way; what the desktop says.
pub async fn contact(core: &Core, request: EscalationContactRequest) -> Result<Empty, PanelError> {
    let live = core.live();
    let clock = find(core, &live, &request.id)?;
    let whom = live.profile.escalation_table.contact(clock.rule);
    let url = match request.way {
        EscalationMethod::Mail => {
            whom.mail.as_ref().map(|mail| words::mail(mail, &clock, &live.profile.name))
        }
        EscalationMethod::Chat => {
            whom.chat.as_ref().map(|chat| words::chat(chat, &clock, &live.profile.name))
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
    let host = Arc::clone(&core.host);
    blocking(move || host.open_url(&url)).await?;
    Ok(Empty {})
}

fn find(core: &Core, live: &Live, id: &str) -> Result<EscalationClock, PanelError> {
    let found = {
        let state = live.state();
        all(core, live, &state).into_iter().find(|clock| clock.id == id)
    };
    found.ok_or_else(|| {
        PanelError::new(
            ErrorCode::NotFound,
            "escalation",
            "This clock has stopped: its alert or gauge has recovered.",
        )
    })
}
