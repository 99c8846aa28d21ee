//! `backup restore-data`: the steps for this stack, performing them through Docker, and the final check.

use aether_contract::{self as wire, BackupId, BackupRequest, DataCheck, DataRestoreRequest, PanelError};
use aether_panel::{Panel, text::size};

use crate::{
    human::{count, moment, plain},
    outcome::Outcome,
};

/// Shows, performs or checks a data restore.
pub async fn run(panel: &Panel, id: &str, apply: bool, check: bool, by: &str) -> Result<Outcome, PanelError> {
    let request = BackupRequest { id: BackupId(id.to_owned()) };
    if check {
        return checked(&panel.data_restore_check(request).await?);
    }
    let plan = panel.data_restore_plan(request.clone()).await?;
    if !apply {
        return Outcome::new(&plan, steps(&plan));
    }
    let asked = DataRestoreRequest { id: request.id, digest: plan.digest, created_by: by.to_owned() };
    checked(&panel.data_restore_apply(asked).await?)
}

pub(super) fn steps(plan: &wire::DataRestorePlan) -> String {
    let place =
        if plan.container.is_empty() { String::new() } else { format!(" in container {}", plan.container) };
    let mut text = format!(
        "{}, {} to restore into {}{}\n",
        count(plan.blocks, "block"),
        size(plan.bytes),
        plain(&plan.target),
        plain(&place)
    );
    if let (Some(from), Some(to)) = (plan.from, plan.to) {
        text.push_str(&format!("Time range: {} to {}\n", moment(from), moment(to)));
    }
    text.push('\n');
    for (head, steps) in [("", &plan.steps), ("\nTo roll back:\n", &plan.back)] {
        text.push_str(head);
        for (index, step) in steps.iter().enumerate() {
            text.push_str(&format!("{}. {}\n", index + 1, plain(&step.title)));
            if !step.command.is_empty() {
                text.push_str(&format!("   {}\n", plain(&step.command)));
            }
        }
    }
    text.push('\n');
    for note in &plan.notes {
        text.push_str(&format!("- {}\n", plain(note)));
    }
    text.push_str(if plan.by_panel {
        "\nNothing was changed. Use --apply to run these steps through Docker.\n"
    } else {
        "\nNothing was changed. Run the steps manually, then check with --check.\n"
    });
    text
}

pub(super) fn checked(check: &DataCheck) -> Result<Outcome, PanelError> {
    let mut text = format!("{} of {} queryable\n", check.answered, count(check.expected, "block"));
    for note in &check.notes {
        text.push_str(&format!("- {}\n", plain(note)));
    }
    let mut outcome = Outcome::new(check, text)?;
    if check.answered < check.expected {
        outcome.find(format!("{} not queryable", count(check.expected - check.answered, "block")));
    }
    Ok(outcome)
}
