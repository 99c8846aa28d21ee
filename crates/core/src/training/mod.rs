//! The training checklist: its tasks, what people said they have done, and what the panel saw them do.

mod board;
mod marks;

use aether_contract::*;

use crate::{
    checks, drill,
    maintenance::{past, scope},
    panel::{clock, core::Core, live::Live},
};
use board::Evidence;

/// The checklist, and who is how far.
///
/// # Errors
/// `storage`.
pub async fn board(core: &Core, live: &Live) -> Result<TrainingBoard, PanelError> {
    let stack = live.profile.name.clone();
    let (marks, windows) = core
        .journaled(move |journal| {
            let windows = past::all(past::Entries::read(journal)?, &stack, clock::now());
            Ok((marks::read(journal)?, windows))
        })
        .await?;
    let evidence = Evidence {
        checks: checks::runs(core, live).await?,
        drills: drill::runs(core, &live.profile.name).await?,
        windows,
    };
    Ok(board::board(&marks, &evidence, &scope::default_author()))
}

/// Says that a task was done, or takes that back.
///
/// # Errors
/// `invalid-request` for a name that is none, `storage`.
pub async fn mark(
    core: &Core,
    live: &Live,
    request: TrainingMarkRequest,
) -> Result<TrainingBoard, PanelError> {
    let word = marks::Word::Task { task: request.task, done: request.done };
    say(core, &request.person, word, &request.by).await?;
    board(core, live).await
}

/// Puts a person on the list, or takes them off it.
///
/// # Errors
/// `invalid-request` for a name that is none, `storage`.
pub async fn person(
    core: &Core,
    live: &Live,
    request: TrainingPersonRequest,
) -> Result<TrainingBoard, PanelError> {
    let word = if request.remove { marks::Word::Left } else { marks::Word::Joined };
    say(core, &request.name, word, "").await?;
    board(core, live).await
}

async fn say(core: &Core, person: &str, word: marks::Word, by: &str) -> Result<(), PanelError> {
    if person.trim().is_empty() {
        return Err(PanelError::new(ErrorCode::InvalidRequest, "training", "Say whose progress it is."));
    }
    let (person, by) = (drill::person(person)?, drill::person(by)?);
    core.journaled(move |journal| marks::write(journal, &person, word, &by, clock::now())).await
}
