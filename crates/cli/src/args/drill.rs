//! `drill` and `training` on the command line.

use clap::{Subcommand, ValueEnum};

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
        #[arg(value_enum)]
        scenario: Option<Scenario>,
        /// How soon it is to be seen: within two minutes, or as the pack has it (10 to 20 minutes)
        #[arg(long, value_enum, default_value = "short")]
        pace: Pace,
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
        #[arg(value_enum)]
        operation: Operation,
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
        #[arg(value_enum)]
        task: Task,
        /// Who [default: the OS user]
        #[arg(long = "for", value_name = "NAME", default_value = "")]
        person: String,
    },
    /// Takes that back
    #[command(after_help = EXIT_TRAINING)]
    Undo {
        /// Which
        #[arg(value_enum)]
        task: Task,
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

/// The words of a contract's enumeration as arguments.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident => $contract:ident { $($(#[$one:meta])* $variant:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
        pub enum $name { $($(#[$one])* $variant),* }

        impl From<$name> for aether_contract::$contract {
            fn from(word: $name) -> Self {
                match word { $($name::$variant => Self::$variant),* }
            }
        }
    };
}

words! {
    /// Scenarios.
    Scenario => DrillScenario {
        /// Answers for one VIP tenant fall below the confidence threshold
        VipLowConfidence,
        /// The cache has been emptied
        CacheLoss,
        /// Nearly every answer goes through the reranker
        RerankRunaway,
        /// A VIP alert fires, and a silence hides it
        BadSilence,
        /// Prometheus does not answer
        PrometheusDown,
    }
}

words! {
    /// Paces.
    Pace => DrillPace {
        /// Within two minutes
        Short,
        /// As the pack has it
        Full,
    }
}

words! {
    /// Operations.
    Operation => DrillOperation {
        /// Undo the last deploy or index run
        RollBack,
        /// Bring the cache back and warm it
        RestoreCache,
        /// Put the reranker's threshold back
        ResetReranker,
        /// Start Prometheus
        StartPrometheus,
        /// Restart the API
        RestartApi,
    }
}

words! {
    /// Tasks.
    Task => TrainingTask {
        /// Read the on-call runbook
        ReadRunbook,
        /// Find Grafana
        BookmarkGrafana,
        /// Run the quick check
        QuickCheck,
        /// Deal with a VIP alert
        VipDrill,
        /// Practise maintenance
        Maintenance,
        /// Know the targets
        SloTargets,
    }
}
