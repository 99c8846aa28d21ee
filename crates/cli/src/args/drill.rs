//! `drill` and `training` on the command line.

use aether_contract::{DrillOperation, DrillScenario, DrillSpeed, TrainingTask};
use clap::{
    Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};

const EXIT_DRILL: &str = "\
Exit codes:
  0  done; `report`: it was passed
  1  `end`, `report`: it was not passed; `do`: it changed nothing
  2  usage or configuration, a stack that is no demo, or no such drill
  3  the simulator or a server failed or could not be reached";

const EXIT_TRAINING: &str = "\
Exit codes:
  0  done
  2  usage or configuration";

/// Verbs on drills. They run in the demo stack only.
#[derive(Debug, Subcommand)]
pub enum Drill {
    /// The scenarios, and the drills that were
    #[command(after_help = EXIT_DRILL)]
    List,
    /// Begins a drill; without a scenario any, and you are not told which
    #[command(after_help = EXIT_DRILL)]
    Start {
        /// What is made up
        #[arg(value_parser = word(&DrillScenario::ALL, DrillScenario::as_str))]
        scenario: Option<DrillScenario>,
        /// How soon it is to be seen: within two minutes, or as the pack has it (10 to 20 minutes)
        #[arg(long, default_value = "short", value_parser = word(&DrillSpeed::ALL, DrillSpeed::as_str))]
        pace: DrillSpeed,
        /// Who is trained [default: the OS user]
        #[arg(long = "for", value_name = "NAME", default_value = "")]
        person: String,
    },
    /// How the drill that goes on stands; the servers are looked at once
    #[command(after_help = EXIT_DRILL)]
    Status,
    /// Says that you have seen the incident
    #[command(after_help = EXIT_DRILL)]
    Seen,
    /// Does as if something were done outside of the panel
    #[command(after_help = EXIT_DRILL)]
    Do {
        /// What
        #[arg(value_parser = word(&DrillOperation::ALL, DrillOperation::as_str))]
        operation: DrillOperation,
    },
    /// Ends the drill that goes on, and puts the demo stack back
    #[command(after_help = EXIT_DRILL)]
    End,
    /// The report of a drill, as Markdown
    #[command(after_help = EXIT_DRILL)]
    Report {
        /// Its id, or the begin of it [default: the newest that has ended]
        id: Option<String>,
    },
}

/// Verbs on the training checklist.
#[derive(Debug, Subcommand)]
pub enum Training {
    /// Says that somebody has done a task
    #[command(after_help = EXIT_TRAINING)]
    Done {
        /// Which
        #[arg(value_parser = word(&TrainingTask::ALL, TrainingTask::as_str))]
        task: TrainingTask,
        /// Who [default: the OS user]
        #[arg(long = "for", value_name = "NAME", default_value = "")]
        person: String,
    },
    /// Takes that back
    #[command(after_help = EXIT_TRAINING)]
    Undo {
        /// Which
        #[arg(value_parser = word(&TrainingTask::ALL, TrainingTask::as_str))]
        task: TrainingTask,
        /// Who [default: the OS user]
        #[arg(long = "for", value_name = "NAME", default_value = "")]
        person: String,
    },
    /// Puts somebody on the list
    #[command(after_help = EXIT_TRAINING)]
    Add {
        /// Name
        name: String,
    },
    /// Takes somebody off the list, with what was said about them
    #[command(after_help = EXIT_TRAINING)]
    Remove {
        /// Name
        name: String,
    },
}

/// A word of one of the contract's enumerations.
fn word<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    say: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let find = move |text: String| all.iter().copied().find(|one| say(*one) == text).ok_or("no such word");
    PossibleValuesParser::new(all.iter().map(|one| say(*one))).try_map(find)
}
