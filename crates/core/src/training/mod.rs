//! The training checklist: its tasks, what people said they have done, and what the panel saw them do.

mod board;
mod marks;

use aether_contract::*;

use crate::{
    checks, drill,
    maintenance::{past, scope},
    panel::{clock, core::Core},
};
use board::Evidence;

/// The checklist, and who is how far.
///
/// # Errors
/// `storage`.
pub async fn board(core: &Core) -> Result<TrainingBoard, PanelError> {
    let (marks, windows) = core
        .journaled(|journal| {
            let windows = past::all(past::Entries::read(journal)?, None, clock::now());
            Ok((marks::read(journal)?, windows))
        })
        .await?;
    // Whoever has learned it in the demo knows it in every stack.
    let evidence =
        Evidence { checks: checks::every(core).await?, drills: drill::every(core).await?, windows };
    Ok(board::board(&marks, &evidence, &scope::default_author()))
}

/// Says that a task was done, or takes that back.
///
/// # Errors
/// `invalid-request` for a name that is none, `storage`.
pub async fn mark(core: &Core, request: TrainingMarkRequest) -> Result<TrainingBoard, PanelError> {
    let word = marks::Word::Task { task: request.task, done: request.done };
    say(core, &request.person, word, &request.by).await?;
    board(core).await
}

/// Puts a person on the list, or takes them off it.
///
/// # Errors
/// `invalid-request` for a name that is none, `storage`.
pub async fn person(core: &Core, request: TrainingPersonRequest) -> Result<TrainingBoard, PanelError> {
    if request.name.trim().is_empty() {
        return Err(PanelError::new(ErrorCode::InvalidRequest, "training", "Enter a name."));
    }
    let word = if request.remove { marks::Word::Left } else { marks::Word::Joined };
    say(core, &request.name, word, "").await?;
    board(core).await
}

async fn say(core: &Core, person: &str, word: marks::Word, by: &str) -> Result<(), PanelError> {
    let (person, by) = (drill::person(person)?, drill::person(by)?);
    core.journaled(move |journal| marks::write(journal, &person, word, &by, clock::now())).await
}
