//! Escalation: the clocks that run on live conditions, whom to call when, and what was marked.

use crate::{AlertAck, AlertFingerprint, Timestamp, wire};

wire! {
    /// Row of the escalation table.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum EscalationRule {
        /// An alert about a VIP tenant.
        Vip,
        /// The health score is too low, and stays there.
        Health,
        /// Any other alert that has fired for long.
        General,
        /// The estimated cost is too high.
        Cost,
    }
}

impl EscalationRule {
    /// All, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Vip, Self::Health, Self::General, Self::Cost];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vip => "vip",
            Self::Health => "health",
            Self::General => "general",
            Self::Cost => "cost",
        }
    }
}

wire! {
    /// Whom to call.
    pub struct EscalationContact {
        /// In words.
        pub name: String,
        /// Mail address; empty: none.
        pub mail: String,
        /// Whether there is a page of a chat to open.
        pub chat: bool,
    }
}

wire! {
    /// Somebody was called.
    pub struct EscalationCall {
        /// Who says so.
        pub by: String,
        /// Whom, and what was said.
        pub note: String,
        /// When.
        pub at: Timestamp,
    }
}

wire! {
    /// A clock that runs.
    pub struct EscalationClock {
        /// Id: the same for as long as the condition holds.
        pub id: String,
        /// Row of the table.
        pub rule: EscalationRule,
        /// What it is about.
        pub title: String,
        /// The tenant, if it is about one.
        pub tenant: Option<String>,
        /// The alert, if it is one.
        pub fingerprint: Option<AlertFingerprint>,
        /// Since when the condition holds.
        pub since: Timestamp,
        /// When somebody has to be called.
        pub due_at: Timestamp,
        /// When that must have been done; the same as `due_at` where the table gives no more time.
        pub latest_at: Timestamp,
        /// Whether its alert is silenced, inhibited or muted now. The clock goes on; nobody is notified meanwhile.
        pub muted: bool,
        /// Whom to call.
        pub contact: EscalationContact,
        /// Who is on the alert. For a VIP's alert that stops the clock.
        pub ack: Option<AlertAck>,
        /// Who was called.
        pub escalated: Option<EscalationCall>,
    }
}

impl EscalationClock {
    /// Whether nobody has to be called any more.
    pub fn is_settled(&self) -> bool {
        self.escalated.is_some() || (self.rule == EscalationRule::Vip && self.ack.is_some())
    }
}

wire! {
    /// The clocks that run.
    #[derive(Default)]
    pub struct EscalationStatus {
        /// Those that are due first; at most 20. Settled ones stand last.
        pub clocks: Vec<EscalationClock>,
        /// Clocks in all.
        pub total: u32,
    }
}

wire! {
    /// Says that somebody was called, or takes that back.
    pub struct EscalationMarkRequest {
        /// Clock id.
        pub id: String,
        /// Whom, and what was said; at most 500 characters. None: taken back.
        pub note: Option<String>,
        /// Who says so; empty: the OS user.
        #[serde(default)]
        pub by: String,
    }
}

wire! {
    /// How somebody is called.
    #[derive(Copy, Eq)]
    pub enum EscalationMethod {
        /// A mail that is filled in, in the person's own mail program.
        Mail,
        /// A page of a chat.
        Chat,
    }
}

wire! {
    /// Opens a mail or a page of a chat, filled in. Nothing is sent.
    pub struct EscalationContactRequest {
        /// Clock id.
        pub id: String,
        /// How.
        pub way: EscalationMethod,
    }
}
