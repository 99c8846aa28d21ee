//! Checks of a whole stack: quick, before production, after a deploy, sanity.

use crate::{Timestamp, wire};

wire! {
    /// A set of checks.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum CheckSuite {
        /// Six checks that only look.
        Quick,
        /// Seven checks before something goes to production.
        Preprod,
        /// What a deploy has made worse.
        AfterDeploy,
        /// All that the reliability pack promises.
        Sanity,
    }
}

impl CheckSuite {
    /// Its name on the wire and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Preprod => "preprod",
            Self::AfterDeploy => "after-deploy",
            Self::Sanity => "sanity",
        }
    }

    /// Its name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Quick => "Quick check",
            Self::Preprod => "Pre-production check",
            Self::AfterDeploy => "Post-deploy check",
            Self::Sanity => "Sanity check",
        }
    }
}

wire! {
    /// How a check stands.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum CheckState {
        /// Not begun.
        Waiting,
        /// Going on.
        Running,
        /// As it should be.
        Pass,
        /// Left out, for a reason.
        Skipped,
        /// It deserves a look.
        Warn,
        /// Not as it should be, or it could not be looked at.
        Fail,
    }
}

wire! {
    /// A check and what came of it.
    pub struct CheckResult {
        /// Its id, e.g. `recording-rules`; own ones begin with `own-`.
        pub id: String,
        /// Title.
        pub title: String,
        /// How it stands.
        pub state: CheckState,
        /// What came of it, in a sentence.
        pub reason: String,
        /// What was asked and what came, a line each, at most 60.
        pub evidence: Vec<String>,
        /// What to do; empty when nothing has to be done.
        pub remedy: String,
        /// Whether it changes something on a server.
        pub effect: bool,
        /// How long it took, in milliseconds; none while it goes on.
        pub took_ms: Option<f64>,
    }
}

wire! {
    /// A run of a suite.
    pub struct CheckRun {
        /// Its id: a UUID.
        pub id: String,
        /// Stack.
        pub stack: String,
        /// Suite.
        pub suite: CheckSuite,
        /// Who.
        pub created_by: String,
        /// Deploy that it belongs to; empty: none.
        pub deploy: String,
        /// Whether it may change something on servers.
        pub effects: bool,
        /// Begin.
        pub started_at: Timestamp,
        /// End; none while it goes on, or when it was cut off.
        pub ended_at: Option<Timestamp>,
        /// Whether it was ended early.
        pub cancelled: bool,
        /// The worst of its checks.
        pub verdict: CheckState,
        /// Checks, in order.
        pub checks: Vec<CheckResult>,
    }
}

wire! {
    /// A run in a line.
    pub struct CheckOutline {
        /// Its id.
        pub id: String,
        /// Suite.
        pub suite: CheckSuite,
        /// Its worst check.
        pub verdict: CheckState,
        /// End.
        pub ended_at: Timestamp,
        /// Checks that passed.
        pub passed: u32,
        /// Checks in all.
        pub total: u32,
    }
}

wire! {
    /// What the frame and the overview show of checks.
    #[derive(Default)]
    pub struct ChecksSummary {
        /// Goes up with every run that has ended.
        pub revision: u32,
        /// The run that is going on.
        pub running: Option<CheckRun>,
        /// The newest run of this stack that has ended, of this panel or of one before it.
        pub last: Option<CheckOutline>,
    }
}

wire! {
    /// Runs a suite.
    pub struct CheckRequest {
        /// Which.
        pub suite: CheckSuite,
        /// Who. Empty: the OS user.
        #[serde(default)]
        pub created_by: String,
        /// Whether checks may change something: reload the servers, send a test alert, make a test backup and
        /// a silence of a minute that matches nothing real. Without it those are skipped.
        #[serde(default)]
        pub effects: bool,
    }
}

wire! {
    /// Runs of the stack, newest first, at most 50.
    pub struct CheckRuns {
        /// They.
        pub runs: Vec<CheckRun>,
    }
}

wire! {
    /// How a run is written down.
    #[derive(Copy, Eq)]
    pub enum CheckFormat {
        /// Markdown, for people.
        Markdown,
        /// JUnit's XML, for pipelines.
        Junit,
        /// JSON.
        Json,
    }
}

wire! {
    /// Asks for a run as text.
    pub struct CheckExportRequest {
        /// Which run.
        pub id: String,
        /// Format.
        pub format: CheckFormat,
    }
}

wire! {
    /// A run as text.
    pub struct CheckExport {
        /// The text.
        pub text: String,
    }
}
