//! Who was called: kept in the journal, and in force for as long as the condition holds that it was about.

use aether_contract::{
    AlertFingerprint, AlertRow, EscalationCall, EscalationClock, EscalationRule, PanelError, Timestamp,
};

pub use aether_context::annotations::Detail;
use aether_context::{
    annotations::{self as said, AnnotationStore},
    journal::Journal,
};

use super::clocks::clock_id;

/// Entries of this kind are marks.
pub const KIND: &str = "escalation-mark";
/// Newest entries that are read at a start.
const RECENT: u32 = 2000;

/// All that may still hold, by stack and clock.
pub struct CallLog(AnnotationStore);

impl CallLog {
    /// Reads the journal. One that can't be read gives none; its error is logged.
    pub fn load(journal: &Journal) -> Self {
        Self(AnnotationStore::load(journal, KIND, RECENT))
    }

    /// Takes one into force, or back.
    pub fn put(&self, id: &str, detail: &Detail, at: Timestamp) {
        self.0.put(id, detail, at);
    }

    /// Since when the condition held that a mark is about: a panel that starts knows no other begin.
    pub fn since(&self, stack: &str, id: &str) -> Option<Timestamp> {
        self.0.about(stack, id).map(|word| word.since)
    }

    /// Writes them into clocks. One that is older than the condition was about an earlier one.
    pub fn overlay<'a>(&self, stack: &str, clocks: impl IntoIterator<Item = &'a mut EscalationClock>) {
        for clock in clocks {
            let word = self.0.about(stack, &clock.id).filter(|word| word.at >= clock.since);
            clock.escalated = word.map(|word| EscalationCall { by: word.by, note: word.note, at: word.at });
        }
    }

    /// Writes them into alerts: the newest of the episode, whether the tenant counted as a VIP then or not.
    pub fn overlay_rows<'a>(&self, stack: &str, rows: impl IntoIterator<Item = &'a mut AlertRow>) {
        for row in rows {
            let words = clock_ids(&row.fingerprint).into_iter().filter_map(|id| self.0.about(stack, &id));
            let word = words.filter(|word| word.at >= row.since).max_by_key(|word| word.at);
            row.escalated = word.map(|word| EscalationCall { by: word.by, note: word.note, at: word.at });
        }
    }
}

/// The clocks that an alert may have.
pub fn clock_ids(alert: &AlertFingerprint) -> [String; 2] {
    [EscalationRule::Vip, EscalationRule::General].map(|rule| clock_id(rule, &alert.0))
}

/// Writes one down.
///
/// # Errors
/// `storage`.
pub fn write(journal: &Journal, id: &str, detail: &Detail, at: Timestamp) -> Result<(), PanelError> {
    said::write(journal, KIND, id, detail, at)
}

#[cfg(test)]
mod tests {
    use aether_contract::{EscalationContact, EscalationRule};

    use super::*;

    fn clock(since: i64) -> EscalationClock {
        EscalationClock {
            id: "health/health-score".into(),
            rule: EscalationRule::Health,
            title: String::new(),
            tenant: None,
            fingerprint: None,
            since: Timestamp(since),
            due_at: Timestamp(since),
            latest_at: Timestamp(since),
            muted: false,
            contact: EscalationContact { name: String::new(), mail: String::new(), chat: false },
            ack: None,
            escalated: None,
        }
    }

    #[test]
    fn an_escalated_alert_is_shown_as_escalated_for_its_episode() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.db")).unwrap();
        let mut alert = aether_foundation::testing::row(&[("alertname", "A")]);
        alert.since = Timestamp(50);
        let marks = CallLog::load(&journal);
        let id = format!("general/{}", alert.fingerprint.0);
        let mut detail = Detail {
            stack: "s".into(),
            since: Timestamp(50),
            by: "ann".into(),
            note: Some("paged Bob".into()),
        };
        marks.put(&id, &detail, Timestamp(60));
        marks.overlay_rows("s", [&mut alert]);
        let call = alert.escalated.clone().unwrap();
        assert_eq!((call.by.as_str(), call.note.as_str(), call.at), ("ann", "paged Bob", Timestamp(60)));
        let mut later = AlertRow { since: Timestamp(900), ..alert.clone() };
        marks.overlay_rows("s", [&mut later]);
        assert_eq!(later.escalated, None, "another episode");
        marks.overlay_rows("t", [&mut alert]);
        assert_eq!(alert.escalated, None, "another stack");
        detail.note = None;
        marks.put(&id, &detail, Timestamp(70));
        marks.overlay_rows("s", [&mut alert]);
        assert_eq!(alert.escalated, None, "undone");
    }

    #[test]
    fn a_mark_outlives_the_panel_and_ends_with_its_condition() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.db");
        let detail = |note: Option<&str>| Detail {
            stack: "s".into(),
            since: Timestamp(50),
            by: "ann".into(),
            note: note.map(str::to_owned),
        };
        let name = clock(50).id;
        {
            let journal = Journal::open(&file).unwrap();
            write(&journal, &name, &detail(Some("told Bob")), Timestamp(60)).unwrap();
        }
        let journal = Journal::open(&file).unwrap();
        let marks = CallLog::load(&journal);
        let mut now = clock(50);
        marks.overlay("s", [&mut now]);
        assert_eq!(now.escalated.as_ref().map(|mark| mark.note.as_str()), Some("told Bob"));
        assert!(now.is_settled());
        let mut later = clock(900);
        marks.overlay("s", [&mut later]);
        assert_eq!(later.escalated, None, "it is about another time");
        marks.overlay("t", [&mut now]);
        assert_eq!(now.escalated, None, "another stack");
        write(&journal, &name, &detail(None), Timestamp(70)).unwrap();
        let again = CallLog::load(&journal);
        again.overlay("s", [&mut now]);
        assert_eq!(now.escalated, None, "taken back");
    }
}
