//! Acknowledgments, kept in the journal and shown in every panel. They silence nothing, and end with their
//! alert episode.

use aether_contract::{AlertAck, AlertFingerprint, AlertRow, EscalationClock, PanelError, Timestamp};

pub use aether_context::annotations::Detail;
use aether_context::{
    annotations::{self as said, AnnotationStore},
    journal::Journal,
};

/// Entries of this kind are acknowledgements.
pub const KIND: &str = "alert-acknowledge";
/// Newest entries that are read at a start.
const RECENT: u32 = 5000;

/// All that may still hold, by stack and fingerprint.
pub struct Acks(AnnotationStore);

impl Acks {
    /// Reads the journal. One that can't be read gives none; its error is logged.
    pub fn load(journal: &Journal) -> Self {
        Self(AnnotationStore::load(journal, KIND, RECENT))
    }

    /// Takes one into force, or back.
    pub fn put(&self, fingerprint: &str, detail: &Detail, at: Timestamp) {
        self.0.put(fingerprint, detail, at);
    }

    /// That of an episode. One of an earlier episode says nothing about this one.
    fn of(&self, stack: &str, alert: &AlertFingerprint, since: Timestamp) -> Option<AlertAck> {
        let word = self.0.about(stack, &alert.0).filter(|word| word.since == since)?;
        Some(AlertAck { by: word.by, note: word.note, at: word.at })
    }

    /// Writes them into clocks of escalation.
    pub fn lookup<'a>(&self, stack: &str, clocks: impl IntoIterator<Item = &'a mut EscalationClock>) {
        for clock in clocks {
            clock.ack = clock.fingerprint.as_ref().and_then(|alert| self.of(stack, alert, clock.since));
        }
    }

    /// Writes them into rows.
    pub fn overlay<'a>(&self, stack: &str, rows: impl IntoIterator<Item = &'a mut AlertRow>) {
        for row in rows {
            row.ack = self.of(stack, &row.fingerprint, row.since);
        }
    }
}

/// Writes one down.
///
/// # Errors
/// `storage`.
pub fn write(journal: &Journal, fingerprint: &str, detail: &Detail, at: Timestamp) -> Result<(), PanelError> {
    said::write(journal, KIND, fingerprint, detail, at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::testing::row;

    #[test]
    fn an_acknowledgement_outlives_the_panel_and_ends_with_its_episode() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.db");
        let mut alert = row(&[("alertname", "A")]);
        alert.since = Timestamp(50);
        let id = alert.fingerprint.0.clone();
        let detail = |note: Option<&str>| Detail {
            stack: "s".into(),
            since: Timestamp(50),
            by: "alice".into(),
            note: note.map(str::to_owned),
        };
        {
            let journal = Journal::open(&file).unwrap();
            write(&journal, &id, &detail(Some("old")), Timestamp(60)).unwrap();
            write(&journal, &id, &detail(Some("on it")), Timestamp(70)).unwrap();
        }
        let journal = Journal::open(&file).unwrap();
        let acks = Acks::load(&journal);
        acks.overlay("s", [&mut alert]);
        assert_eq!(alert.ack.as_ref().map(|ack| (ack.note.as_str(), ack.at)), Some(("on it", Timestamp(70))));
        let mut later = AlertRow { since: Timestamp(900), ..alert.clone() };
        acks.overlay("s", [&mut later]);
        assert_eq!(later.ack, None, "another episode");
        let mut elsewhere = alert.clone();
        acks.overlay("t", [&mut elsewhere]);
        assert_eq!(elsewhere.ack, None, "another stack");

        write(&journal, &id, &detail(None), Timestamp(80)).unwrap();
        let again = Acks::load(&journal);
        again.overlay("s", [&mut alert]);
        assert_eq!(alert.ack, None, "taken back");
    }
}
