//! `training`: the on-call checklist and each trainee's progress.

use aether_contract::*;
use aether_panel::Panel;

use crate::{
    args::Training,
    human::plain,
    outcome::Outcome,
    table::{Style, cell, painted, table},
};

/// Runs a subcommand of `training`; without one, shows the checklist.
pub async fn run(panel: &Panel, verb: Option<&Training>) -> Result<Outcome, PanelError> {
    let mark = |task: &TrainingTask, person: &str, done| {
        let person = person.to_owned();
        panel.training_mark(TrainingMarkRequest { person, task: *task, done, by: String::new() })
    };
    let person =
        |name: &str, remove| panel.training_person(TrainingPersonRequest { name: name.to_owned(), remove });
    let board = match verb {
        None => panel.training_board(Empty {}).await?,
        Some(Training::Done { task, person }) => mark(task, person, true).await?,
        Some(Training::Undo { task, person }) => mark(task, person, false).await?,
        Some(Training::Add { name }) => person(name, false).await?,
        Some(Training::Remove { name }) => person(name, true).await?,
    };
    show(&board)
}

pub(super) fn show(board: &TrainingBoard) -> Result<Outcome, PanelError> {
    if board.people.is_empty() {
        let tasks: Vec<String> =
            board.tasks.iter().map(|task| format!("  {} ({} min)", task.title, task.minutes)).collect();
        return Outcome::new(
            board,
            format!("No one is on the checklist yet. Tasks:\n{}\n", tasks.join("\n")),
        );
    }
    let tick = |done: bool| if done { painted("done", Style::Good) } else { painted("–", Style::Dim) };
    let mut head = vec!["name"];
    head.extend(TrainingTask::ALL.iter().map(|task| task.as_str()));
    head.push("drills passed");
    let rows = board.people.iter().map(|person| {
        let mut row = vec![cell(plain(&person.name))];
        row.extend(person.steps.iter().map(|step| tick(step.done_at.is_some())));
        let passed = person.drills.iter().filter(|drill| drill.passed).count();
        row.push(cell(format!("{passed} of {}", person.drills.len())));
        row
    });
    Outcome::new(board, table(&head, &rows.collect::<Vec<_>>()))
}
