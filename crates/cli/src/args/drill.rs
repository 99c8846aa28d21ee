//! Arguments of `drill` and `training`.

use aether_contract::{DrillOperation, DrillScenario, DrillSpeed, TrainingTask};
use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

const EXIT_DRILL: &str = "\
Exit codes:
  0  success; `report`: passed
  1  `end`, `report`: not passed; `do`: no effect
  2  usage or configuration error, not a demo stack, or unknown drill
  3  the simulator or a server failed or is unreachable";

const EXIT_TRAINING: &str = "\
Exit codes:
  0  success
  2  usage or configuration error";

/// Subcommands of `drill`; available in the demo stack only.
#[derive(Debug, Subcommand)]
pub enum Drill {
    /// List scenarios and past drills
    #[command(after_help = EXIT_DRILL)]
    List,
    /// Start a drill; without a scenario, a hidden random one
    #[command(after_help = EXIT_DRILL)]
    Start {
        /// Scenario to simulate
        #[arg(value_parser = word(&DrillScenario::ALL, DrillScenario::as_str))]
        scenario: Option<DrillScenario>,
        /// Onset: visible within two minutes, or at the pack's real pace (10 to 20 minutes)
        #[arg(long, default_value = "short", value_parser = word(&DrillSpeed::ALL, DrillSpeed::as_str))]
        pace: DrillSpeed,
        /// Trainee [default: the OS user]
        #[arg(long = "for", value_name = "NAME", default_value = "")]
        person: String,
    },
    /// Show the running drill; polls the servers once
    #[command(after_help = EXIT_DRILL)]
    Status,
    /// Record that you noticed the incident
    #[command(after_help = EXIT_DRILL)]
    #[command(alias = "seen")]
    Notice,
    /// Simulate an action taken outside the panel
    #[command(after_help = EXIT_DRILL)]
    Do {
        /// Action
        #[arg(value_parser = word(&DrillOperation::ALL, DrillOperation::as_str))]
        operation: DrillOperation,
    },
    /// End the running drill and restore the demo stack
    #[command(after_help = EXIT_DRILL)]
    End,
    /// Print a drill report as Markdown
    #[command(after_help = EXIT_DRILL)]
    Report {
        /// Drill ID or a unique prefix [default: the latest finished drill]
        id: Option<String>,
    },
}

/// Subcommands of `training`.
#[derive(Debug, Subcommand)]
pub enum Training {
    /// Mark a task as done
    #[command(after_help = EXIT_TRAINING)]
    Done {
        /// Task
        #[arg(value_parser = word(&TrainingTask::ALL, TrainingTask::as_str))]
        task: TrainingTask,
        /// Trainee [default: the OS user]
        #[arg(long = "for", value_name = "NAME", default_value = "")]
        person: String,
    },
    /// Mark a task as not done
    #[command(after_help = EXIT_TRAINING)]
    Undo {
        /// Task
        #[arg(value_parser = word(&TrainingTask::ALL, TrainingTask::as_str))]
        task: TrainingTask,
        /// Trainee [default: the OS user]
        #[arg(long = "for", value_name = "NAME", default_value = "")]
        person: String,
    },
    /// Add a person to the checklist
    #[command(after_help = EXIT_TRAINING)]
    Add {
        /// Name
        name: String,
    },
    /// Remove a person and their records from the checklist
    #[command(after_help = EXIT_TRAINING)]
    Remove {
        /// Name
        name: String,
    },
}

/// Parses a word of a contract enumeration, as it is spelled in JSON.
fn word<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    say: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let find = move |text: String| all.iter().copied().find(|one| say(*one) == text).ok_or("unknown value");
    PossibleValuesParser::new(all.iter().map(|one| say(*one))).try_map(find)
}
