//! The training checklist: its tasks, what people said they have done, and what the panel saw them do.

mod board;
mod marks;

use aether_contract::*;
use aether_foundation::author;

use crate::{checks, drill};
use aether_alerting::maintenance::past_windows as past;
use aether_context::Context;
use aether_foundation::clock;
use board::Evidence;

/// The checklist, and who is how far.
///
/// # Errors
/// `storage`.
pub async fn board(ctx: &Context) -> Result<TrainingBoard, PanelError> {
    let (marks, windows) = ctx
        .journaled(|journal| {
            let windows = past::all(past::Entries::read(journal)?, None, clock::now());
            Ok((marks::read(journal)?, windows))
        })
        .await?;
    // Whoever has learned it in the demo knows it in every stack.
    let evidence = Evidence { checks: checks::every(ctx).await?, drills: drill::every(ctx).await?, windows };
    Ok(board::board(&marks, &evidence, &author::default_author()))
}

/// Says that a task was done, or takes that back.
///
/// # Errors
/// `invalid-request` for a name that is none, `storage`.
pub async fn mark(ctx: &Context, request: TrainingMarkRequest) -> Result<TrainingBoard, PanelError> {
    let word = marks::Word::Task { task: request.task, done: request.done };
    say(ctx, &request.person, word, &request.by).await?;
    board(ctx).await
}

/// Puts a person on the list, or takes them off it.
///
/// # Errors
/// `invalid-request` for a name that is none, `storage`.
pub async fn person(ctx: &Context, request: TrainingPersonRequest) -> Result<TrainingBoard, PanelError> {
    if request.name.trim().is_empty() {
        return Err(PanelError::new(ErrorCode::InvalidRequest, "training", "Enter a name."));
    }
    let word = if request.remove { marks::Word::Left } else { marks::Word::Joined };
    say(ctx, &request.name, word, "").await?;
    board(ctx).await
}

async fn say(ctx: &Context, person: &str, word: marks::Word, by: &str) -> Result<(), PanelError> {
    let (person, by) = (drill::person(person)?, drill::person(by)?);
    ctx.journaled(move |journal| marks::write(journal, &person, word, &by, clock::now())).await
}
