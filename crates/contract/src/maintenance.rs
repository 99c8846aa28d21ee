//! Maintenance windows and the silences behind them.

use crate::{AlertFingerprint, ExportFormat, Freshness, Severity, Timestamp, wire};

wire! {
    /// The panel's own id of a maintenance window: a UUID. It stands in the silence's comment as `[win:<uuid>]`.
    #[derive(Eq, Hash, PartialOrd, Ord)]
    pub struct WindowId(pub String);
}

wire! {
    /// One matcher of a silence.
    #[derive(Eq)]
    pub struct Matcher {
        /// Label name.
        pub name: String,
        /// Value or regular expression.
        pub value: String,
        /// Whether `value` is a regular expression (anchored at both ends).
        pub is_regex: bool,
        /// False negates.
        pub is_equal: bool,
    }
}

wire! {
    /// State of a silence as Alertmanager tells it.
    #[derive(Copy, Eq, Hash)]
    pub enum SilenceState {
        /// Begins in the future.
        Pending,
        /// Muting now.
        Active,
        /// Over.
        Expired,
    }
}

wire! {
    /// A silence of Alertmanager's, whoever made it.
    pub struct Silence {
        /// Alertmanager's id.
        pub id: String,
        /// All matchers (ANDed).
        pub matchers: Vec<Matcher>,
        /// State.
        pub state: SilenceState,
        /// Begin.
        pub starts_at: Timestamp,
        /// End.
        pub ends_at: Timestamp,
        /// Last change.
        pub updated_at: Timestamp,
        /// Who, as Alertmanager was told (unauthenticated text).
        pub created_by: String,
        /// Why, without the panel's tag.
        pub comment: String,
        /// The maintenance window it belongs to, if the comment carries the panel's tag.
        pub window: Option<WindowId>,
        /// Alerts that it mutes now.
        pub mutes: u32,
        /// Members that know it.
        pub members: u32,
        /// Members that answered.
        pub members_of: u32,
    }
}

wire! {
    /// How far a window has come.
    #[derive(Copy, Eq)]
    pub enum WindowPhase {
        /// Written to the journal, about to be sent.
        Asked,
        /// A member accepted it.
        Accepted,
        /// Every member shows it active.
        Verified,
        /// Active on some members only; the others do not know it or do not answer.
        Partial,
        /// Begins in the future on every member.
        Scheduled,
        /// The journal says active, but no member that answers knows it (any more).
        Lost,
        /// Over by time or ended early.
        Ended,
    }
}

wire! {
    /// What one Alertmanager member says about a window.
    pub struct MemberCheck {
        /// The member's address.
        pub url: String,
        /// State there; none when it does not know the silence or did not answer.
        pub state: Option<SilenceState>,
        /// Why it could not be read, in words. Empty when it answered.
        pub error: String,
    }
}

wire! {
    /// A maintenance window of the panel.
    pub struct MaintenanceWindow {
        /// The panel's id.
        pub id: WindowId,
        /// The silence's id at Alertmanager; empty until accepted.
        pub silence_id: String,
        /// How far it has come.
        pub phase: WindowPhase,
        /// Why.
        pub reason: String,
        /// Who.
        pub created_by: String,
        /// Begin.
        pub starts_at: Timestamp,
        /// End.
        pub ends_at: Timestamp,
        /// Matchers sent.
        pub matchers: Vec<Matcher>,
        /// One check a member.
        pub members: Vec<MemberCheck>,
        /// Alerts muted by it now.
        pub mutes: u32,
        /// Server's clock minus this machine's, in milliseconds, as last seen.
        pub clock_offset_ms: Option<i32>,
    }
}

wire! {
    /// The maintenance part of the snapshot.
    pub struct MaintenanceStatus {
        /// How far it can be trusted.
        pub freshness: Freshness,
        /// Windows that are not over, the one that ends first in front.
        pub windows: Vec<MaintenanceWindow>,
        /// Active silences made elsewhere.
        pub other_silences: u32,
        /// Goes up whenever any silence changed.
        pub revision: u32,
        /// Longest duration that a window may have, in seconds (setting).
        pub max_duration_s: u32,
        /// The heartbeat alert that stays audible, from the profile. Empty: none.
        pub heartbeat: String,
        /// Who would be written as the author: the OS user.
        pub default_author: String,
        /// Silences that deserve a second look.
        pub findings: Vec<SilenceFinding>,
    }
}

wire! {
    /// What is odd about a silence.
    #[derive(Copy, Eq)]
    pub enum SilenceRisk {
        /// It mutes the alert that tells an outside watchdog that alerting works.
        Heartbeat,
        /// It mutes every alert, and was not made by a panel.
        Broad,
        /// It lasts longer than the cap, and was not made by a panel.
        Long,
    }
}

wire! {
    /// A silence that deserves a second look.
    pub struct SilenceFinding {
        /// Which.
        pub silence_id: String,
        /// What is odd.
        pub risk: SilenceRisk,
        /// In a sentence.
        pub text: String,
        /// Who made it.
        pub created_by: String,
        /// Until when.
        pub ends_at: Timestamp,
    }
}

wire! {
    /// Asks what a window would do, or starts it.
    pub struct MaintenanceRequest {
        /// Length in seconds. 60 up to the cap.
        pub duration_s: u32,
        /// Why. Required, at most 500 characters.
        pub reason: String,
        /// Who. Empty: the OS user.
        #[serde(default)]
        pub created_by: String,
        /// What it mutes. Empty: every alert but the heartbeat.
        #[serde(default)]
        pub matchers: Vec<Matcher>,
        /// Begin, on this machine's clock. None: now. One in the future is made at once as a silence that begins then.
        #[serde(default)]
        pub starts_at: Option<Timestamp>,
    }
}

wire! {
    /// What a window would do if it began now.
    pub struct MaintenancePreview {
        /// Alerts firing now that it would mute.
        pub mutes: u32,
        /// Of these: critical.
        pub mutes_critical: u32,
        /// Names of the alerts it would mute with their count, most first; at most 20.
        pub names: Vec<NamedCount>,
        /// What stays audible, by alert name.
        pub audible: Vec<String>,
        /// Active silences made before, whether they mute something now or not; at most 20.
        pub already: Vec<Silence>,
        /// Alert rules that could fire into it, those that did so lately first; at most 40.
        pub could_fire: Vec<CouldFire>,
        /// The matchers that would be sent.
        pub matchers: Vec<Matcher>,
        /// Things worth knowing before: clock offset, members down, breadth.
        pub warnings: Vec<String>,
        /// When it would end.
        pub ends_at: Timestamp,
    }
}

wire! {
    /// An alert rule whose alerts a window would mute.
    pub struct CouldFire {
        /// Label `alertname`.
        pub name: String,
        /// From its label `severity`.
        pub severity: Severity,
        /// Its alerts that are pending now.
        pub pending: u32,
        /// Episodes of the last 7 days.
        pub fired: u32,
        /// Whether the window's matchers ask for labels that only the alert itself will have.
        pub perhaps: bool,
    }
}

wire! {
    /// A name and how often it occurs.
    pub struct NamedCount {
        /// Name.
        pub name: String,
        /// Count.
        pub count: u32,
    }
}

wire! {
    /// Names a window (by [`WindowId`]) or a silence (by Alertmanager's id).
    pub struct MaintenanceEndRequest {
        /// Window id or silence id.
        pub id: String,
    }
}

wire! {
    /// Moves the end of a window.
    pub struct MaintenanceExtendRequest {
        /// Window id or silence id.
        pub id: String,
        /// Seconds to add to its present end; fewer than 0 to make it shorter. The new end is at least a minute away.
        pub add_s: i32,
    }
}

wire! {
    /// What ending did, read back from every member.
    pub struct MaintenanceEnded {
        /// The silence, as read back.
        pub silence: Silence,
        /// Active silences that still mute something.
        pub still_silencing: Vec<Silence>,
        /// One check a member.
        pub members: Vec<MemberCheck>,
    }
}

wire! {
    /// Asks for silences, newest end first.
    #[derive(Default)]
    #[serde(default)]
    pub struct SilencesRequest {
        /// Only these states. Empty: all.
        pub states: Vec<SilenceState>,
        /// Words that must all occur in comment, author or matchers.
        pub search: String,
        /// Rows to skip.
        pub offset: u32,
        /// Rows to return; at most 500.
        pub limit: u32,
    }
}
impl Eq for SilencesRequest {}

wire! {
    /// A page of silences.
    pub struct SilencesPage {
        /// The rows.
        pub rows: Vec<Silence>,
        /// Rows that match in all.
        pub total: u32,
        /// How far the list can be trusted.
        pub freshness: Freshness,
    }
}

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
        /// No server ever accepted it.
        Refused,
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
        /// End that was planned first.
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

wire! {
    /// Names a window that some members have lost, to be given back to them.
    pub struct MaintenanceRepairRequest {
        /// Window id.
        pub id: String,
    }
}

wire! {
    /// A recurring maintenance window.
    pub struct Schedule {
        /// Its id: a UUID.
        pub id: String,
        /// Five fields: minute, hour, day of month, month, day of week.
        pub cron: String,
        /// That in words.
        pub description: String,
        /// IANA name of the time zone that the expression is read in.
        pub time_zone: String,
        /// Length of each window in seconds.
        pub duration_s: u32,
        /// Why.
        pub reason: String,
        /// Who.
        pub created_by: String,
        /// What each window mutes. Empty: every alert but the heartbeat.
        pub matchers: Vec<Matcher>,
        /// Occurrences that are made ahead, 1 to 10.
        pub ahead: u32,
        /// Whether it makes any.
        pub enabled: bool,
        /// The next five.
        pub occurrences: Vec<Occurrence>,
        /// Why the last attempt to make one failed; empty when none did.
        pub problem: String,
    }
}

wire! {
    /// One time that a schedule comes round.
    pub struct Occurrence {
        /// Begin.
        pub starts_at: Timestamp,
        /// End.
        pub ends_at: Timestamp,
        /// The begin on the schedule's own clock, with its offset.
        pub local: String,
        /// The window that it is, or will be.
        pub window: WindowId,
        /// Whether Alertmanager has it.
        pub made: bool,
        /// Whether a person has taken it back.
        pub cancelled: bool,
    }
}

wire! {
    /// The schedules of the selected stack.
    pub struct ScheduleList {
        /// They.
        pub schedules: Vec<Schedule>,
    }
}

wire! {
    /// Keeps a schedule.
    pub struct ScheduleSaveRequest {
        /// Which; none for a new one.
        #[serde(default)]
        pub id: Option<String>,
        /// Five fields: minute, hour, day of month, month, day of week.
        pub cron: String,
        /// IANA name of a time zone. Empty: this machine's.
        #[serde(default)]
        pub time_zone: String,
        /// Length of each window in seconds.
        pub duration_s: u32,
        /// Why. Required.
        pub reason: String,
        /// Who. Empty: the OS user.
        #[serde(default)]
        pub created_by: String,
        /// What each window mutes. Empty: every alert but the heartbeat.
        #[serde(default)]
        pub matchers: Vec<Matcher>,
        /// Occurrences to make ahead, 1 to 10.
        pub ahead: u32,
        /// Whether it makes any.
        pub enabled: bool,
    }
}

wire! {
    /// Forgets a schedule and takes its future occurrences back.
    pub struct ScheduleDeleteRequest {
        /// Which.
        pub id: String,
    }
}

wire! {
    /// Asks for the dates of an expression.
    pub struct SchedulePreviewRequest {
        /// Five fields: minute, hour, day of month, month, day of week.
        pub cron: String,
        /// IANA name of a time zone. Empty: this machine's.
        #[serde(default)]
        pub time_zone: String,
    }
}

wire! {
    /// The dates of an expression.
    pub struct SchedulePreview {
        /// In words.
        pub description: String,
        /// IANA name of the time zone.
        pub time_zone: String,
        /// The next five.
        pub next: Vec<Timestamp>,
        /// They on that zone's clock, with its offset.
        pub local: Vec<String>,
    }
}
