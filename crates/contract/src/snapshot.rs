//! The one picture of the stack that every screen derives from, and its deltas.

use crate::{
    AlertsSummary, BackupsSummary, ChecksSummary, DrillStatus, EscalationStatus, Gauge, Level,
    MaintenanceStatus, PinsSummary, ServiceStatus, Settings, StackList, Timestamp, wire,
};

wire! {
    /// A notice across the top of the window.
    pub struct Banner {
        /// Stable id, e.g. `keyring-unavailable`, `profile-refused`.
        pub id: String,
        /// How urgent.
        pub level: crate::Level,
        /// One or two sentences with what to do.
        pub text: String,
    }
}

wire! {
    /// Everything that the frame and the overview show. Lists are asked for by page.
    pub struct Snapshot {
        /// Goes up with every change. A delta applies on exactly the revision before it.
        pub revision: u32,
        /// When it was put together.
        pub at: Timestamp,
        /// Stacks and which one is selected.
        pub stacks: StackList,
        /// The servers.
        pub services: Vec<ServiceStatus>,
        /// The gauges, in the profile's order.
        pub gauges: Vec<Gauge>,
        /// The alerts in brief.
        pub alerts: AlertsSummary,
        /// Maintenance windows.
        pub maintenance: MaintenanceStatus,
        /// Backups, and work that is going on.
        pub backups: BackupsSummary,
        /// Checks: what runs now, and what came last.
        pub checks: ChecksSummary,
        /// Version pins in brief.
        pub pins: PinsSummary,
        /// Clocks of escalation.
        pub escalations: EscalationStatus,
        /// Drills.
        pub drill: DrillStatus,
        /// Notices.
        pub banners: Vec<Banner>,
        /// Settings in force.
        pub settings: Settings,
    }
}

wire! {
    /// The parts of a snapshot that changed.
    pub struct SnapshotDelta {
        /// The revision that this leads to.
        pub revision: u32,
        /// The revision that it applies on. Anything else: ask for the whole snapshot.
        pub base: u32,
        /// When it was put together.
        pub at: Timestamp,
        /// Changed stacks.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub stacks: Option<StackList>,
        /// Changed services (all of them, if any changed).
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub services: Option<Vec<ServiceStatus>>,
        /// Changed gauges only, matched by `spec.id`. When the set or order changed: all, with `gauges_replaced`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub gauges: Option<Vec<Gauge>>,
        /// Whether `gauges` replaces the list instead of updating it.
        #[serde(default)]
        pub gauges_replaced: bool,
        /// Changed alerts.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub alerts: Option<AlertsSummary>,
        /// Changed maintenance.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub maintenance: Option<MaintenanceStatus>,
        /// Changed backups.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub backups: Option<BackupsSummary>,
        /// Changed checks.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub checks: Option<ChecksSummary>,
        /// Changed pins.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub pins: Option<PinsSummary>,
        /// Changed clocks.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub escalations: Option<EscalationStatus>,
        /// Changed drill.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub drill: Option<DrillStatus>,
        /// Changed notices.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub banners: Option<Vec<Banner>>,
        /// Changed settings.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[ts(optional)]
        pub settings: Option<Settings>,
    }
}

wire! {
    /// What the panel tells the window without being asked. At most four a second.
    #[serde(tag = "kind", content = "data")]
    pub enum PanelEvent {
        /// Parts of the snapshot changed.
        Delta(Box<SnapshotDelta>),
        /// A screen was asked for from outside (tray, second start, deep link).
        Navigate(NavigateTo),
        /// Something that a person has to be told although they are not looking.
        Notice(Notice),
    }
}

wire! {
    /// What the desktop tells a person who is not looking.
    pub struct Notice {
        /// How bad it is; `ok` for an end.
        pub level: Level,
        /// In one line.
        pub title: String,
        /// More about it; may be empty.
        pub text: String,
        /// The screen that it is about.
        pub screen: String,
        /// What that screen filters by; may be empty.
        pub filter: String,
    }
}

wire! {
    /// A screen to show.
    pub struct NavigateTo {
        /// Screen name: `overview`, `alerts`, `maintenance`, `backups`, `versions`, `rules`, `runbooks`,
        /// `checks`, `settings`.
        pub screen: String,
        /// What it filters by (alerts only); may be empty.
        #[serde(default)]
        pub filter: String,
        /// The query of the link that was followed (alerts only), percent-encoded; may be empty.
        #[serde(default)]
        pub query: String,
    }
}
