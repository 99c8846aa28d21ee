//! A deploy as Markdown, for a ticket or a chat.

use aether_contract::{DeployRun, DeployState, DeployStepKind, DeployStepState, Timestamp};

use aether_foundation::text::inline;

/// Its record.
pub fn markdown(run: &DeployRun) -> String {
    let state = match run.state {
        DeployState::Open => "open",
        DeployState::Done => "done",
        DeployState::GivenUp => "abandoned",
    };
    let mut out = format!("# Deployment: {}\n\n", inline(&run.reason));
    out.push_str(&format!(
        "- {state}, started {} by {}, stack {}\n",
        moment(run.started_at),
        inline(&run.created_by),
        inline(&run.stack)
    ));
    if let Some(ended) = run.ended_at {
        let minutes = ended.millis_since(run.started_at).max(0) / 60_000;
        out.push_str(&format!("- ended {} ({minutes} min)\n", moment(ended)));
    }
    out.push('\n');
    for step in &run.steps {
        let (mark, word) = match step.state {
            DeployStepState::Waiting => (" ", "waiting"),
            DeployStepState::Done => ("x", "done"),
            DeployStepState::Finding => ("x", "**finding**"),
            DeployStepState::Failed => (" ", "**failed**"),
            DeployStepState::Skipped => ("-", "skipped"),
        };
        let mark = if mark == "-" { " " } else { mark };
        let note = if step.note.is_empty() { String::new() } else { format!(": {}", inline(&step.note)) };
        out.push_str(&format!("- [{mark}] {} – {word}{note}\n", title(step.kind)));
        for line in &step.evidence {
            out.push_str(&format!("  - {}\n", inline(line)));
        }
    }
    out
}

fn title(kind: DeployStepKind) -> &'static str {
    match kind {
        DeployStepKind::Backup => "Backup",
        DeployStepKind::Preprod => "Pre-production check",
        DeployStepKind::Window => "Maintenance window",
        DeployStepKind::Deploy => "Deploy",
        DeployStepKind::Quick => "Quick check",
        DeployStepKind::After => "Post-deploy check",
        DeployStepKind::Alerts => "No new alerts",
        DeployStepKind::Gauges => "No gauge regressions",
        DeployStepKind::Dashboard => "Dashboard reviewed",
        DeployStepKind::CloseOut => "Close-out",
    }
}

fn moment(at: Timestamp) -> String {
    let stamp = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    stamp.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M %:z").to_string()
}
