//! What is known of maintenance windows when they are over: close-out reports and the history.

use crate::{AlertFingerprint, ExportFormat, Matcher, Severity, Silence, Timestamp, WindowId, wire};

wire! {
    /// Asks for the close-out report of a window.
    pub struct CloseOutRequest {
        /// Window id or silence id.
        pub id: String,
    }
}

wire! {
    /// An alert in a close-out report.
    pub struct CloseOutAlert {
        /// Identity.
        pub fingerprint: AlertFingerprint,
        /// Label `alertname`.
        pub name: String,
        /// From the label `severity`.
        pub severity: Severity,
        /// The profile's tenant label, if the alert has it.
        pub tenant: Option<String>,
        /// Whether that tenant is a VIP of the profile.
        pub vip: bool,
        /// Labels beside `alertname`, `severity` and the tenant's, as `name="value"`, at most 12.
        pub labels: Vec<String>,
        /// When it began to fire.
        pub began: Timestamp,
        /// When it ended; none while it fires.
        pub ended: Option<Timestamp>,
        /// Receivers that it goes to.
        pub receivers: Vec<String>,
        /// Earliest time that somebody hears of it, and the latest; none when nobody will.
        pub pages_from: Option<Timestamp>,
        /// Latest time that somebody hears of it, if it goes on firing.
        pub pages_by: Option<Timestamp>,
        /// Why, in a sentence.
        pub note: String,
    }
}

wire! {
    /// What a maintenance window hid, and what comes after it.
    pub struct CloseOut {
        /// The window.
        pub window: WindowId,
        /// Stack.
        pub stack: String,
        /// Why it was opened.
        pub reason: String,
        /// Who opened it.
        pub created_by: String,
        /// Its begin.
        pub starts_at: Timestamp,
        /// Its end; of a window that is still on: now.
        pub ended_at: Timestamp,
        /// The window is still on: this is how it would be if it ended now.
        pub preliminary: bool,
        /// When this was put together.
        pub made_at: Timestamp,
        /// Different alerts that fired in it and were hidden by it.
        pub hidden: u32,
        /// Alerts of the three lists that need somebody: still firing, open outside, silent again.
        pub left_over: u32,
        /// Fires at its end: when each will page.
        pub still_firing: Vec<CloseOutAlert>,
        /// Was told before the window, ended inside: that it has ended was never sent. To be closed by hand outside.
        pub open_outside: Vec<CloseOutAlert>,
        /// Was told before the window, ended inside, and fires again: taken as told already.
        pub silent_again: Vec<CloseOutAlert>,
        /// Began and ended inside; nobody was told.
        pub unseen: Vec<CloseOutAlert>,
        /// Every silence that is active at the end.
        pub silences: Vec<Silence>,
        /// How far this can be trusted: what could not be read, and from what it was reckoned.
        pub notes: Vec<String>,
        /// All of it as Markdown.
        pub markdown: String,
    }
}

wire! {
    /// Asks for windows that were.
    #[derive(Default)]
    #[serde(default)]
    pub struct MaintenanceHistoryRequest {
        /// Words that must all occur in reason or author.
        pub search: String,
        /// Rows to skip.
        pub offset: u32,
        /// Rows to return, the newest first; at most 500.
        pub limit: u32,
    }
}
impl Eq for MaintenanceHistoryRequest {}

wire! {
    /// How a window came out.
    #[derive(Copy, Eq)]
    pub enum WindowOutcome {
        /// It is on, or will be.
        Open,
        /// It ended at its time.
        Ended,
        /// A person ended it before its time.
        EndedEarly,
        /// A person took it back before it began.
        Cancelled,
        /// The server refused it.
        Refused,
        /// No server could be reached, so none was asked for it.
        NotSent,
        /// Whether a server had it was never learned.
        Unknown,
    }
}

wire! {
    /// A window as the journal has it.
    pub struct PastWindow {
        /// The panel's id.
        pub id: WindowId,
        /// Why.
        pub reason: String,
        /// Who.
        pub created_by: String,
        /// Begin.
        pub starts_at: Timestamp,
        /// End that was planned, as it was moved last.
        pub planned_end: Timestamp,
        /// End; the planned one while it is open.
        pub ends_at: Timestamp,
        /// Times that its end was moved.
        pub moved: u32,
        /// How it came out.
        pub outcome: WindowOutcome,
        /// Matchers.
        pub matchers: Vec<Matcher>,
        /// Different alerts that it hid; none before its close-out report.
        pub hidden: Option<u32>,
        /// Alerts of the report that need somebody: still firing, open outside, silent again.
        pub left_over: Option<u32>,
    }
}

wire! {
    /// A page of windows that were.
    pub struct MaintenanceHistoryPage {
        /// The rows.
        pub rows: Vec<PastWindow>,
        /// Rows that match in all.
        pub total: u32,
    }
}

wire! {
    /// Writes the history of windows into a file of the download folder.
    #[derive(Copy, Eq)]
    pub struct MaintenanceExportRequest {
        /// How.
        pub format: ExportFormat,
    }
}
