//! Recurring maintenance windows.

use crate::{Matcher, Timestamp, WindowId, wire};

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
