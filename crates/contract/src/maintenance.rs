//! Maintenance windows and the silences behind them.

use crate::{Freshness, Severity, Timestamp, wire};

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
        /// Alerts that it mutes now and that would notify otherwise.
        pub mutes: u32,
        /// Alerts that match it and are quiet anyway: inhibited, or muted by a time interval.
        #[serde(default)]
        pub quiet_anyway: u32,
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
        /// Was verified; no member answers now, so it is believed until it is over.
        Unconfirmed,
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
        /// Alerts muted by it now that would notify otherwise.
        pub mutes: u32,
        /// Alerts that match it and are quiet anyway: inhibited, or muted by a time interval.
        #[serde(default)]
        pub quiet_anyway: u32,
        /// Whether it counts as maintenance: it names no alert. Else it is a silence of some alerts.
        #[serde(default)]
        pub maintenance: bool,
        /// Whether its matchers match no current alert, whatever its state.
        #[serde(default)]
        pub matches_nothing: bool,
        /// Then: for each matcher that matches none by itself, what is close to it.
        #[serde(default)]
        pub closest: Vec<ClosestValues>,
        /// When a member showed it last; only while it is unconfirmed.
        #[serde(default)]
        pub last_seen: Option<Timestamp>,
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
        /// What all of them come to.
        pub quiet: Quiet,
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
        /// Members of Alertmanager that any web page in an operator's browser may silence, by address.
        pub open_to_pages: Vec<String>,
    }
}

wire! {
    /// What is muted now, over all silences, whoever made them.
    #[derive(Default, Eq)]
    pub struct Quiet {
        /// Active windows that count as maintenance, silences made elsewhere that mute every alert included.
        pub windows: u32,
        /// Whether one of them mutes every alert but the heartbeat.
        pub everything: bool,
        /// When maintenance is over: the end of the last of them, and of those that begin before it ends.
        pub until: Option<Timestamp>,
        /// The window or silence that ends last of those that are active.
        pub last: Option<WindowId>,
        /// Other active silences.
        pub silences: u32,
        /// When the last of these ends.
        pub silences_until: Option<Timestamp>,
        /// Alerts that only these mute and that would notify otherwise.
        pub silenced: u32,
    }
}

wire! {
    /// Asks what would be heard if silences ended now.
    pub struct MaintenanceEndPreviewRequest {
        /// Window ids or silence ids.
        pub ids: Vec<String>,
    }
}

wire! {
    /// What would be heard if silences ended now. Counted as of the last response of Alertmanager.
    #[derive(Default, Eq)]
    pub struct MaintenanceEndPreview {
        /// As of when.
        pub at: Option<Timestamp>,
        /// Alerts that would notify.
        pub unmutes: u32,
        /// Of these: critical.
        pub unmutes_critical: u32,
        /// Alerts that other silences keep quiet.
        pub still_silenced: u32,
        /// Until when at least one of those silences lasts, the latest.
        pub still_until: Option<Timestamp>,
        /// Alerts that are quiet anyway: inhibited, or muted by a time interval.
        pub quiet_anyway: u32,
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
        /// Alerts that notify now and that it would mute.
        pub mutes: u32,
        /// Alerts that match it and are quiet already: silenced, inhibited, or muted by a time interval.
        #[serde(default)]
        pub quiet_already: u32,
        /// Of these: critical.
        pub mutes_critical: u32,
        /// Names of the alerts it would mute with their count, most first; at most 20.
        pub names: Vec<NamedCount>,
        /// What stays audible, by alert name.
        pub audible: Vec<String>,
        /// Active silences made before, whether they mute something now or not; at most 20.
        pub already: Vec<Silence>,
        /// Alert rules that could fire into it, those that did so lately first; at most 40.
        pub could_fire: Vec<AffectedRule>,
        /// The matchers that would be sent.
        pub matchers: Vec<Matcher>,
        /// Whether the matchers match no current alert, whatever its state.
        #[serde(default)]
        pub matches_nothing: bool,
        /// Then: for each matcher that matches none by itself, what is close to it.
        #[serde(default)]
        pub closest: Vec<ClosestValues>,
        /// Things worth knowing before: clock offset, members down, breadth.
        pub warnings: Vec<String>,
        /// When it would end.
        pub ends_at: Timestamp,
    }
}

wire! {
    /// A matcher that no current alert satisfies, and what the alerts have instead.
    #[derive(Eq)]
    pub struct ClosestValues {
        /// The matcher as text.
        pub matcher: String,
        /// Its label.
        pub label: String,
        /// The closest values of that label, the closest first; at most 3.
        pub values: Vec<String>,
        /// When no alert has the label: the closest label names, likewise.
        pub names: Vec<String>,
    }
}

wire! {
    /// An alert rule whose alerts a window would mute.
    pub struct AffectedRule {
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
    /// Names a window that some members have lost, to be given back to them.
    pub struct MaintenanceRepairRequest {
        /// Window id.
        pub id: String,
    }
}
