//! The training checklist for people who are new on call, and how far each of them is.

use crate::{DrillScenario, Timestamp, wire};

wire! {
    /// A task of the checklist.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum TrainingTask {
        /// Read the on-call runbook.
        ReadRunbook,
        /// Find and keep Grafana's address.
        BookmarkGrafana,
        /// Run the quick check.
        QuickCheck,
        /// Deal with a VIP alert that is made up.
        VipDrill,
        /// Start and end a short maintenance window.
        Maintenance,
        /// Know the targets.
        SloTargets,
    }
}

impl TrainingTask {
    /// All, in the order of the checklist.
    pub const ALL: [Self; 6] = [
        Self::ReadRunbook,
        Self::BookmarkGrafana,
        Self::QuickCheck,
        Self::VipDrill,
        Self::Maintenance,
        Self::SloTargets,
    ];

    /// The word on the wire and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadRunbook => "read-runbook",
            Self::BookmarkGrafana => "bookmark-grafana",
            Self::QuickCheck => "quick-check",
            Self::VipDrill => "vip-drill",
            Self::Maintenance => "maintenance",
            Self::SloTargets => "slo-targets",
        }
    }
}

wire! {
    /// A task, described.
    pub struct TrainingTaskInfo {
        /// Which.
        pub task: TrainingTask,
        /// What to do.
        pub title: String,
        /// How, and what counts, in a sentence.
        pub about: String,
        /// Minutes that it takes.
        pub minutes: u32,
        /// Whether the panel sees by itself that it was done. Else the person says so.
        pub seen: bool,
    }
}

wire! {
    /// How a task stands for a person.
    pub struct TrainingStep {
        /// Which.
        pub task: TrainingTask,
        /// When it was done; none: not yet.
        pub done_at: Option<Timestamp>,
        /// Who said so; empty when the panel saw it.
        pub by: String,
        /// What the panel saw, in a sentence; empty when somebody said so.
        pub evidence: String,
    }
}

wire! {
    /// How a person stands with a drill.
    pub struct TrainingDrill {
        /// Which.
        pub scenario: DrillScenario,
        /// The best one, one that was given up included; none: not tried yet.
        pub run: Option<String>,
        /// Whether that one was passed.
        pub passed: bool,
        /// Its seconds to the right first action.
        pub first_action_s: Option<f64>,
        /// Drills of this scenario that have ended, cut off ones left out.
        pub tries: u32,
    }
}

wire! {
    /// A person.
    pub struct TrainingPerson {
        /// Name.
        pub name: String,
        /// The tasks, in order.
        pub steps: Vec<TrainingStep>,
        /// Every scenario, in order.
        pub drills: Vec<TrainingDrill>,
    }
}

wire! {
    /// The checklist and who is how far.
    pub struct TrainingBoard {
        /// The tasks.
        pub tasks: Vec<TrainingTaskInfo>,
        /// People, those with the newest progress first.
        pub people: Vec<TrainingPerson>,
        /// The person at this machine.
        pub me: String,
    }
}

wire! {
    /// Says that a task was done, or takes that back.
    pub struct TrainingMarkRequest {
        /// Whose; empty: the OS user. Names are compared without regard to case.
        pub person: String,
        /// Which.
        pub task: TrainingTask,
        /// Done, or taken back. What the panel saw can't be taken back.
        pub done: bool,
        /// Who says so; empty: the OS user.
        #[serde(default)]
        pub by: String,
    }
}

wire! {
    /// Puts a person on the list, or takes them off it: what was said about them, and what the panel saw of
    /// them before, counts no more.
    pub struct TrainingPersonRequest {
        /// Name, at most 80 characters.
        pub name: String,
        /// Whether to take them off.
        #[serde(default)]
        pub remove: bool,
    }
}
