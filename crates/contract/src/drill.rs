//! Drills: incidents that are made up, in the demo stack, and how somebody dealt with them.

use crate::{Timestamp, wire};

wire! {
    /// What is made up.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum DrillScenario {
        /// Answers for one VIP tenant are mostly below the confidence threshold.
        VipLowConfidence,
        /// The cache has been emptied.
        CacheLoss,
        /// Nearly every answer goes through the reranker.
        RerankRunaway,
        /// A VIP alert fires while somebody's broad silence hides it.
        BadSilence,
        /// Prometheus does not answer.
        PrometheusDown,
    }
}

impl DrillScenario {
    /// All, as the checklist lists them.
    pub const ALL: [Self; 5] = [
        Self::VipLowConfidence,
        Self::CacheLoss,
        Self::RerankRunaway,
        Self::BadSilence,
        Self::PrometheusDown,
    ];

    /// The word on the wire and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VipLowConfidence => "vip-low-confidence",
            Self::CacheLoss => "cache-loss",
            Self::RerankRunaway => "rerank-runaway",
            Self::BadSilence => "bad-silence",
            Self::PrometheusDown => "prometheus-down",
        }
    }
}

wire! {
    /// How soon it is to be seen.
    #[derive(Copy, Eq, Hash, Default)]
    pub enum DrillSpeed {
        /// Within two minutes: rates look at one minute, and alerts need 15 seconds.
        #[default]
        Short,
        /// As the pack has it: an alert needs 10 to 20 minutes.
        Full,
    }
}

impl DrillSpeed {
    /// All.
    pub const ALL: [Self; 2] = [Self::Short, Self::Full];

    /// The word on the wire and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Full => "full",
        }
    }
}

wire! {
    /// What would be done outside of the panel. In a drill the simulator does as if.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum DrillOperation {
        /// Undo the last deploy or index run.
        RollBack,
        /// Bring the cache back and warm it.
        RestoreCache,
        /// Put the reranker's threshold back.
        ResetReranker,
        /// Start Prometheus.
        StartPrometheus,
        /// Restart the API.
        RestartApi,
    }
}

impl DrillOperation {
    /// All, in the order of the menu.
    pub const ALL: [Self; 5] =
        [Self::RollBack, Self::RestoreCache, Self::ResetReranker, Self::StartPrometheus, Self::RestartApi];

    /// The word on the wire and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RollBack => "roll-back",
            Self::RestoreCache => "restore-cache",
            Self::ResetReranker => "reset-reranker",
            Self::StartPrometheus => "start-prometheus",
            Self::RestartApi => "restart-api",
        }
    }

    /// In words, as a command.
    pub fn title(self) -> &'static str {
        match self {
            Self::RollBack => "Undo the last deployment or index run",
            Self::RestoreCache => "Restore and warm the cache",
            Self::ResetReranker => "Reset the reranker’s threshold",
            Self::StartPrometheus => "Start Prometheus",
            Self::RestartApi => "Restart the API",
        }
    }
}

wire! {
    /// How a drill stands.
    #[derive(Copy, Eq, Hash)]
    pub enum DrillOutcome {
        /// It goes on.
        Running,
        /// The servers show that it is over.
        Resolved,
        /// It was ended before that.
        GivenUp,
        /// The demo stack ended under it.
        CutOff,
    }
}

wire! {
    /// What is measured, from when the incident could be seen.
    #[derive(Copy, Eq, Hash)]
    pub enum DrillGoal {
        /// Somebody has seen it.
        Notice,
        /// The right runbook is open.
        Runbook,
        /// The right first action.
        FirstAction,
        /// The servers show that it is over; in time, too, when somebody was called before the deadline.
        Resolution,
    }
}

wire! {
    /// How a goal came out.
    #[derive(Copy, Eq, Hash)]
    pub enum GoalResult {
        /// In time.
        Pass,
        /// Done, too late.
        Late,
        /// Not done.
        Missed,
        /// Not done yet.
        Open,
    }
}

wire! {
    /// A goal and when it was reached.
    pub struct MeasuredGoal {
        /// The goal.
        pub goal: DrillGoal,
        /// When; none: not.
        pub at: Option<Timestamp>,
        /// Seconds from when the incident could be seen; 0 for what was done before that.
        pub after_s: Option<f64>,
        /// Seconds that it may take.
        pub limit_s: u32,
        /// How it came out.
        pub mark: GoalResult,
        /// More about it, in a sentence; may be empty.
        pub note: String,
    }
}

wire! {
    /// Whether something helped.
    #[derive(Copy, Eq, Hash)]
    pub enum Assessment {
        /// It belongs to the way.
        Right,
        /// Neither.
        Neutral,
        /// It does harm, or does not help.
        Wrong,
    }
}

wire! {
    /// Something that was done in a drill.
    pub struct DrillAction {
        /// When.
        pub at: Timestamp,
        /// What, in a sentence.
        pub text: String,
        /// Whether it helped.
        pub worth: Assessment,
        /// Why it did not; else empty.
        pub why: String,
    }
}

wire! {
    /// A drill, from its begin to its report.
    pub struct DrillRun {
        /// Id: a UUID.
        pub id: String,
        /// Stack.
        pub stack: String,
        /// Who was trained.
        pub person: String,
        /// What it was. None while it goes on, unless the person has chosen it.
        pub scenario: Option<DrillScenario>,
        /// Pace.
        pub pace: DrillSpeed,
        /// Begin.
        pub started_at: Timestamp,
        /// When the incident could be seen in the panel first.
        pub signal_at: Option<Timestamp>,
        /// End.
        pub ended_at: Option<Timestamp>,
        /// How it stands.
        pub outcome: DrillOutcome,
        /// Whether every goal was reached in time and nothing wrong was done. None while it goes on.
        pub passed: Option<bool>,
        /// The goals, in order. While it goes on the first one alone, once it is reached.
        pub measures: Vec<MeasuredGoal>,
        /// What was done, in order. Empty while it goes on: whether it helped is told at the end.
        pub acts: Vec<DrillAction>,
    }
}

wire! {
    /// A drill that can be chosen.
    pub struct DrillScenarioInfo {
        /// Which.
        pub scenario: DrillScenario,
        /// Title.
        pub title: String,
        /// What happens, in a sentence.
        pub about: String,
        /// The right first action.
        pub first: String,
        /// Id of the runbook for it.
        pub runbook: String,
        /// Seconds to notice it, to open the runbook and to do the first action.
        pub look_within_s: u32,
        /// Seconds until it has to be over, or somebody has to be called.
        pub call_within_s: u32,
    }
}

wire! {
    /// Something that can be done outside of the panel.
    pub struct DrillOperationInfo {
        /// Which.
        pub operation: DrillOperation,
        /// In words.
        pub title: String,
    }
}

wire! {
    /// Drills that can be chosen, and those that were.
    pub struct DrillList {
        /// Why there can be none in this stack, and what to do; empty when there can.
        pub refused: String,
        /// The scenarios.
        pub scenarios: Vec<DrillScenarioInfo>,
        /// What can be done outside of the panel.
        pub operations: Vec<DrillOperationInfo>,
        /// Drills of this stack, newest first, the running one included.
        pub runs: Vec<DrillRun>,
    }
}

wire! {
    /// Begins a drill.
    #[derive(Default)]
    pub struct DrillStartRequest {
        /// Which; none: any, and the person is not told.
        #[serde(default)]
        pub scenario: Option<DrillScenario>,
        /// Pace.
        #[serde(default)]
        pub pace: DrillSpeed,
        /// Who is trained; empty: the OS user.
        #[serde(default)]
        pub person: String,
    }
}

wire! {
    /// Does something outside of the panel, in the drill that goes on.
    pub struct DrillOperateRequest {
        /// What.
        pub operation: DrillOperation,
    }
}

wire! {
    /// What came of it.
    pub struct DrillOperationResult {
        /// Whether it was what had to be done; the servers need a moment to show it.
        pub worked: bool,
        /// What was seen, in a sentence.
        pub text: String,
    }
}

wire! {
    /// Names a drill.
    pub struct DrillRequest {
        /// Drill id.
        pub id: String,
    }
}

wire! {
    /// A report for people.
    pub struct DrillReport {
        /// As Markdown.
        pub markdown: String,
    }
}

wire! {
    /// What of drills is shown everywhere.
    #[derive(Default)]
    pub struct DrillStatus {
        /// Whether the stack is one for drills.
        pub offered: bool,
        /// The drill that goes on.
        pub running: Option<DrillRun>,
        /// Goes up when one has begun or ended.
        pub revision: u32,
    }
}
