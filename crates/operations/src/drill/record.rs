//! What the journal keeps of a drill: what was made up, what the panel saw of it, and what was done, with its
//! time. Several processes write it (a window and a shell), so each change is made to what stands there now.

use aether_contract::{
    DrillOperation, DrillOutcome, DrillScenario, DrillSpeed, ErrorCode, Matcher, PanelError, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use aether_context::journal::{Entry, Journal};

/// Journal kind of a drill; its subject is its id.
pub const DRILL: &str = "drill";
/// Drills that are read.
pub const READ: u32 = 500;
/// Most acts that are kept of one.
const MAX_ACTS: usize = 500;
/// Retries when another process changes the record concurrently.
const TRIES: u32 = 50;

/// A drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Id.
    pub id: String,
    /// Stack.
    pub stack: String,
    /// Who is trained.
    pub person: String,
    /// What is made up.
    pub scenario: DrillScenario,
    /// Whether the person has chosen it, and so knows it.
    pub chosen: bool,
    /// To whom, where it is about one tenant.
    pub tenant: Option<String>,
    /// The silence that belongs to it.
    pub silence: Option<String>,
    /// Pace.
    pub pace: DrillSpeed,
    /// Seconds to notice it, to open the runbook, to do the first action.
    pub look_within_s: u32,
    /// Seconds until resolution or escalation is due.
    pub call_within_s: u32,
    /// Whether the simulator has begun it.
    pub begun: bool,
    /// Begin.
    pub started_at: Timestamp,
    /// When it could be seen first.
    pub signal_at: Option<Timestamp>,
    /// When the servers showed that it was over.
    pub over_at: Option<Timestamp>,
    /// End.
    pub ended_at: Option<Timestamp>,
    /// How it stands.
    pub outcome: DrillOutcome,
    /// What was done, in order.
    pub acts: Vec<ActionRecord>,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionRecord {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: OperatorAction,
}

/// What can be done, as far as it is watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum OperatorAction {
    /// The person said that they have seen it.
    Seen,
    /// An alert was opened.
    AlertOpened {
        /// Its name.
        name: String,
        /// Its tenant.
        tenant: Option<String>,
    },
    /// An alert was acknowledged.
    AlertTaken {
        /// Its name.
        name: String,
        /// Its tenant.
        tenant: Option<String>,
    },
    /// A runbook was opened.
    PageOpened {
        /// Its id.
        page: String,
    },
    /// A step of a runbook was asked. Opening a page asks them all.
    StepAsked {
        /// The page's id.
        page: String,
        /// The step.
        number: u32,
    },
    /// The servers were asked whether they answer.
    ServersAsked {
        /// How, in words.
        how: String,
    },
    /// A maintenance window was started.
    Muted {
        /// Its matchers, as in Alertmanager.
        matchers: String,
        /// Whether it is about one alert by its name.
        narrow: bool,
    },
    /// A silence was ended.
    Unmuted {
        /// Its id.
        silence: String,
        /// Who had made it.
        by: String,
    },
    /// An escalation was recorded.
    Called {
        /// About what.
        title: String,
    },
    /// Something was done outside of the panel.
    Operated {
        /// What.
        operation: DrillOperation,
        /// Whether that was what had to be done.
        worked: bool,
    },
}

impl OperatorAction {
    /// A maintenance window with these matchers. It is about one alert when it says its name.
    pub fn muted(matchers: &[Matcher]) -> Self {
        let named = |one: &Matcher| one.name == "alertname" && one.is_equal && !one.is_regex;
        let all: Vec<String> = matchers.iter().map(aether_foundation::matching::matcher::text).collect();
        Self::Muted { matchers: all.join(", "), narrow: matchers.iter().any(named) }
    }
}

impl Record {
    /// Whether what had to be done outside of the panel was done, and when.
    pub fn cured_at(&self) -> Option<Timestamp> {
        let cure = |act: &&ActionRecord| matches!(act.what, OperatorAction::Operated { worked: true, .. });
        self.acts.iter().find(cure).map(|act| act.at)
    }

    /// Keeps something that was done; the same twice within a second is one.
    pub fn did(&mut self, what: OperatorAction, at: Timestamp) {
        let repeated =
            self.acts.last().is_some_and(|last| last.what == what && at.millis_since(last.at) < 1000);
        if !repeated && self.acts.len() < MAX_ACTS {
            self.acts.push(ActionRecord { at, what });
        }
    }
}

/// What an entry says.
pub fn read(entry: &Entry) -> Option<Record> {
    serde_json::from_value(entry.detail.clone()).ok()
}

/// The running drill of a stack, with its journal entry.
///
/// # Errors
/// `storage`.
pub fn open(journal: &Journal, stack: &str) -> Result<Option<(i64, Record)>, PanelError> {
    let entries = journal.open_entries(DRILL)?;
    let mut found = entries.iter().rev().filter_map(|entry| Some((entry.id, read(entry)?)));
    Ok(found.find(|(_, record)| record.stack == stack && record.outcome == DrillOutcome::Running))
}

/// Changes a drill; none when it does not go on (another may). What `change` answers tells whether there is
/// anything to write.
///
/// # Errors
/// `storage`.
pub fn amend(
    journal: &Journal,
    stack: &str,
    id: &str,
    mut change: impl FnMut(&mut Record) -> bool,
) -> Result<Option<Record>, PanelError> {
    for _ in 0..TRIES {
        let open = open(journal, stack)?.filter(|(_, record)| record.id == id);
        let Some((entry, before)) = open else { return Ok(None) };
        let mut after = before.clone();
        if !change(&mut after) || journal.replace(entry, &json!(before), &json!(after))? {
            return Ok(Some(after));
        }
    }
    Err(PanelError::new(ErrorCode::Storage, "drill", "The journal is busy. Try again."))
}

/// Ends a drill: writes down how, and closes its entry. None when it has ended already.
///
/// # Errors
/// `storage`.
pub fn end(
    journal: &Journal,
    stack: &str,
    id: &str,
    outcome: DrillOutcome,
    at: Timestamp,
) -> Result<Option<Record>, PanelError> {
    let Some((entry, _)) = open(journal, stack)? else { return Ok(None) };
    let ended = amend(journal, stack, id, |record| {
        record.outcome = outcome;
        record.ended_at = Some(at);
        true
    })?;
    if ended.is_some() {
        let word = if outcome == DrillOutcome::Resolved { "done" } else { "ended" };
        journal.complete(entry, word, &json!(null), at)?;
    }
    Ok(ended)
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A drill that has just begun.
    pub fn begun(scenario: DrillScenario) -> Record {
        Record {
            id: "d".into(),
            stack: "demo".into(),
            person: "ann".into(),
            scenario,
            chosen: true,
            tenant: Some("vip-customer-123".into()),
            silence: None,
            pace: DrillSpeed::Short,
            look_within_s: 300,
            call_within_s: 1800,
            begun: true,
            started_at: Timestamp(0),
            signal_at: None,
            over_at: None,
            ended_at: None,
            outcome: DrillOutcome::Running,
            acts: Vec::new(),
        }
    }

    #[test]
    fn two_processes_that_write_at_once_both_keep_what_they_saw() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.db");
        let journal = Journal::open(&file).unwrap();
        let record = begun(DrillScenario::CacheLoss);
        journal.begin(DRILL, "d", &json!(record), Timestamp(0)).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..2_i64 {
                let file = &file;
                scope.spawn(move || {
                    let journal = Journal::open(file).unwrap();
                    for number in 0..20 {
                        let what = OperatorAction::PageOpened { page: format!("{writer}-{number}") };
                        let at = Timestamp(number);
                        amend(&journal, "demo", "d", |record| {
                            record.did(what.clone(), at);
                            true
                        })
                        .unwrap();
                    }
                });
            }
        });
        assert_eq!(open(&journal, "demo").unwrap().unwrap().1.acts.len(), 40);
        assert_eq!(open(&journal, "other").unwrap(), None);
        let ended = end(&journal, "demo", "d", DrillOutcome::GivenUp, Timestamp(9)).unwrap().unwrap();
        assert_eq!((ended.ended_at, ended.acts.len()), (Some(Timestamp(9)), 40));
        assert_eq!(end(&journal, "demo", "d", DrillOutcome::Resolved, Timestamp(10)).unwrap(), None, "once");
        let kept = read(&journal.find(DRILL, "d").unwrap().unwrap()).unwrap();
        assert_eq!(kept.outcome, DrillOutcome::GivenUp);
    }

    #[test]
    fn what_is_late_about_a_drill_that_has_ended_does_not_touch_the_one_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.db")).unwrap();
        let next = Record { id: "e".into(), ..begun(DrillScenario::CacheLoss) };
        for record in [&begun(DrillScenario::RerankRunaway), &next] {
            end(&journal, "demo", "d", DrillOutcome::Resolved, Timestamp(5)).unwrap();
            journal.begin(DRILL, &record.id, &json!(record), Timestamp(0)).unwrap();
        }
        let seen = |record: &mut Record| {
            record.signal_at = Some(Timestamp(6));
            true
        };
        assert_eq!(amend(&journal, "demo", "d", seen).unwrap(), None);
        assert_eq!(end(&journal, "demo", "d", DrillOutcome::CutOff, Timestamp(7)).unwrap(), None);
        assert_eq!(open(&journal, "demo").unwrap().unwrap().1, next, "as it was begun");
    }
}
