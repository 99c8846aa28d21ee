//! The four states of every piece of data.

use crate::{PanelError, Timestamp, wire};

wire! {
    /// How far a piece of data can be trusted. Stale data keeps its last good value beside it.
    #[serde(tag = "state")]
    pub enum Freshness {
        /// Asked for, no answer yet.
        Loading,
        /// The last poll succeeded.
        #[serde(rename_all = "camelCase")]
        Fresh {
            /// When the answer arrived.
            at: Timestamp,
        },
        /// There was a good answer once; the latest poll failed or is overdue.
        #[serde(rename_all = "camelCase")]
        Stale {
            /// When the last good answer arrived.
            at: Timestamp,
            /// Why the newest attempt failed.
            error: PanelError,
        },
        /// There has never been a good answer.
        #[serde(rename_all = "camelCase")]
        Never {
            /// Why; its hint says what to do.
            error: PanelError,
        },
        /// Not configured in this stack's profile.
        Absent,
    }
}

impl Freshness {
    /// When the last good answer arrived, if there was one.
    pub fn last_good(&self) -> Option<Timestamp> {
        match self {
            Self::Fresh { at } | Self::Stale { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// Whether the last poll succeeded.
    pub fn is_fresh(&self) -> bool {
        matches!(self, Self::Fresh { .. })
    }

    /// The error of the newest attempt, if it failed.
    pub fn error(&self) -> Option<&PanelError> {
        match self {
            Self::Stale { error, .. } | Self::Never { error } => Some(error),
            _ => None,
        }
    }

    /// The state after a successful poll.
    #[must_use]
    pub fn succeeded(&self, at: Timestamp) -> Self {
        Self::Fresh { at }
    }

    /// The state after a failed poll: stale if there was a good answer once, else never.
    #[must_use]
    pub fn failed(&self, error: PanelError) -> Self {
        match self.last_good() {
            Some(at) => Self::Stale { at, error },
            None => Self::Never { error },
        }
    }
}
