//! A guided deploy: what is done before, during and after, and its record.

use crate::{AlertFingerprint, BackupId, Level, Timestamp, WindowId, wire};

wire! {
    /// A step of a deploy, in the order of the list.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum DeployStepKind {
        /// A backup of the stack.
        Backup,
        /// The pre-production check, as far as it only looks.
        Preprod,
        /// A maintenance window, read back from every member.
        Window,
        /// The deploy itself: done by hand, and said to be done.
        Deploy,
        /// The quick check.
        Quick,
        /// The after-deploy check: versions, no new alert, targets up, no gauge worse.
        After,
        /// No alert fires that did not fire before, muted ones included. Of deploys that an earlier version began.
        Alerts,
        /// No gauge is worse than before. Of deploys that an earlier version began.
        Gauges,
        /// A look at the dashboard.
        Dashboard,
        /// The window is ended and closed out.
        CloseOut,
    }
}

wire! {
    /// How a step stands.
    #[derive(Copy, Eq, Hash)]
    pub enum DeployStepState {
        /// Not begun.
        Waiting,
        /// Done, and all is well.
        Done,
        /// Done, and something deserves a look.
        Finding,
        /// It could not be done. It may be tried again, or skipped.
        Failed,
        /// Left out, for a reason.
        Skipped,
    }
}

wire! {
    /// A step.
    pub struct DeployStep {
        /// Which.
        pub kind: DeployStepKind,
        /// How it stands.
        pub state: DeployStepState,
        /// What came of it, or why it was skipped.
        pub note: String,
        /// More about it, a line each, at most 50.
        pub evidence: Vec<String>,
        /// When that was; none while it waits.
        pub at: Option<Timestamp>,
        /// How long it took, in milliseconds.
        pub took_ms: Option<f64>,
    }
}

wire! {
    /// A gauge before the deploy.
    pub struct GaugeBaseline {
        /// Gauge.
        pub id: String,
        /// Title.
        pub title: String,
        /// Value; none without traffic.
        pub value: Option<f64>,
        /// Level.
        pub level: Level,
        /// Unit.
        pub unit: String,
    }
}

wire! {
    /// What ran when the deploy began: a server that was asked, or a container that the engine told of.
    pub struct DeployedVersion {
        /// Which, for people: "Prometheus http://localhost:9090", "container aether-prom".
        pub what: String,
        /// Version that it reported; empty: it told none.
        pub version: String,
        /// Image as it was named when the container was made; empty: not known.
        pub image: String,
        /// Id of that image; empty: not known.
        pub image_id: String,
        /// The profile's pin; empty: none.
        pub pinned: String,
    }
}

wire! {
    /// How a deploy stands.
    #[derive(Copy, Eq, Hash)]
    pub enum DeployState {
        /// It is going on.
        Open,
        /// Every step is done or skipped.
        Done,
        /// It was given up.
        GivenUp,
    }
}

wire! {
    /// A deploy.
    pub struct DeployRun {
        /// Its id: a UUID.
        pub id: String,
        /// Stack.
        pub stack: String,
        /// What is deployed.
        pub reason: String,
        /// Who.
        pub created_by: String,
        /// Length of its maintenance window in seconds.
        pub window_s: u32,
        /// Begin.
        pub started_at: Timestamp,
        /// End; none while it is open.
        pub ended_at: Option<Timestamp>,
        /// How it stands.
        pub state: DeployState,
        /// Steps.
        pub steps: Vec<DeployStep>,
        /// Its backup.
        pub backup: Option<BackupId>,
        /// Its window.
        pub window: Option<WindowId>,
        /// Whether it joined a window that was on already, which it does not end.
        #[serde(default)]
        pub joined: bool,
        /// Page of the dashboard; empty when the stack has none.
        pub dashboard_url: String,
        /// Alerts that fired when it began, muted ones included.
        pub alerts_before: Vec<AlertFingerprint>,
        /// Gauges when it began.
        pub gauges_before: Vec<GaugeBaseline>,
        /// Versions and images when it began; empty for a deploy that an earlier version began.
        #[serde(default)]
        pub ran_before: Vec<DeployedVersion>,
        /// All of it as Markdown.
        pub markdown: String,
    }
}

wire! {
    /// Begins a deploy.
    pub struct DeployStartRequest {
        /// What is deployed. Required.
        pub reason: String,
        /// Who. Empty: the OS user.
        #[serde(default)]
        pub created_by: String,
        /// Length of its maintenance window in seconds, 60 up to the cap.
        pub window_s: u32,
    }
}

wire! {
    /// What to do with a step.
    #[derive(Copy, Eq)]
    pub enum DeployAction {
        /// Do it, or say that it is done.
        Run,
        /// Leave it out; a reason is required.
        Skip,
    }
}

wire! {
    /// Goes on with a deploy.
    pub struct DeployStepRequest {
        /// Which deploy.
        pub id: String,
        /// Which step. Those before it must be done or skipped.
        pub kind: DeployStepKind,
        /// What.
        pub act: DeployAction,
        /// Why it is skipped.
        #[serde(default)]
        pub reason: String,
    }
}

wire! {
    /// Gives a deploy up. Its window stays as it is.
    pub struct DeployAbandonRequest {
        /// Which.
        pub id: String,
        /// Why. Required.
        pub reason: String,
    }
}

wire! {
    /// Deploys of the stack, newest first, at most 50.
    pub struct DeployRuns {
        /// They.
        pub runs: Vec<DeployRun>,
    }
}
