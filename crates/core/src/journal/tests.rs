//! What is written before an effect, what is found afterwards, and files that are damaged.

use serde_json::json;

use super::*;

fn journal() -> (tempfile::TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("data").join("journal.db");
    (root, path)
}

#[test]
fn an_effect_that_was_cut_short_is_open_after_the_restart() {
    let (_root, path) = journal();
    let first = Journal::open(&path).unwrap();
    let cut = first.begin("maintenance-start", "", &json!({"minutes": 30}), Timestamp(1)).unwrap();
    let done = first.begin("maintenance-start", "", &json!({"minutes": 60}), Timestamp(2)).unwrap();
    first.annotate(done, "w-2", &json!({"minutes": 60, "silences": ["s"]})).unwrap();
    first.complete(done, "verified", &json!({"members": 2}), Timestamp(3)).unwrap();
    // No clean end: the second journal opens while the first still holds the file, as after a kill.
    let second = Journal::open(&path).unwrap();
    let open = second.open_entries("maintenance-start").unwrap();
    assert_eq!(open.iter().map(|entry| entry.id).collect::<Vec<_>>(), [cut]);
    let found = second.find("maintenance-start", "w-2").unwrap().unwrap();
    assert_eq!(found.outcome.as_deref(), Some("verified"));
    assert_eq!(found.result, Some(json!({"members": 2})));
    assert_eq!((found.began, found.ended), (Timestamp(2), Some(Timestamp(3))));
    assert_eq!(found.detail, json!({"minutes": 60, "silences": ["s"]}));
    assert_eq!(second.recent("maintenance-start", 1).unwrap().first().map(|entry| entry.id), Some(done));
    assert_eq!(second.find("maintenance-end", "w-2").unwrap(), None);
}

#[test]
fn an_entry_is_completed_once() {
    let (_root, path) = journal();
    let journal = Journal::open(&path).unwrap();
    let id = journal.begin("k", "s", &json!({}), Timestamp(1)).unwrap();
    journal.complete(id, "verified", &json!(null), Timestamp(2)).unwrap();
    let again = journal.complete(id, "failed", &json!(null), Timestamp(3)).unwrap_err();
    assert_eq!(again.code, ErrorCode::NotFound);
    assert_eq!(journal.annotate(id, "x", &json!({})).unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(journal.find("k", "s").unwrap().unwrap().outcome.as_deref(), Some("verified"));
}

#[test]
fn a_newer_journal_is_refused_and_left_alone() {
    let (_root, path) = journal();
    drop(Journal::open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = Journal::open(&path).err().unwrap();
    assert_eq!(error.code, ErrorCode::Storage);
    assert!(error.message.contains("newer version"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_damaged_journal_is_moved_aside_and_told() {
    let (_root, path) = journal();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    for round in 1..=2 {
        std::fs::write(&path, "this is no database, but long enough to be looked at. ".repeat(40)).unwrap();
        let journal = Journal::open(&path).unwrap();
        assert!(journal.notice().unwrap().contains(&format!("journal.db.damaged-{round}")));
        assert!(journal.begin("k", "s", &json!({}), Timestamp(1)).is_ok());
    }
    let kept = std::fs::read_to_string(path.with_file_name("journal.db.damaged-1")).unwrap();
    assert!(kept.starts_with("this is no database"));
}

#[test]
fn a_page_overwritten_in_the_middle_is_noticed() {
    let (_root, path) = journal();
    let journal = Journal::open(&path).unwrap();
    for number in 0..500 {
        journal.begin("k", &format!("subject {number}"), &json!({"n": number}), Timestamp(number)).unwrap();
    }
    journal.lock().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(journal);
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len() - 4096;
    bytes[8192..end].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let journal = Journal::open(&path).unwrap();
    assert!(journal.notice().is_some());
    assert_eq!(journal.recent("k", 10).unwrap(), []);
}

#[test]
fn many_writers_at_once_lose_nothing() {
    let (_root, path) = journal();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = &path;
            scope.spawn(move || {
                let journal = Journal::open(path).unwrap();
                for number in 0..20 {
                    journal.begin("k", &format!("{writer}-{number}"), &json!({}), Timestamp(0)).unwrap();
                }
            });
        }
    });
    assert_eq!(Journal::open(&path).unwrap().recent("k", 1000).unwrap().len(), 80);
}

#[cfg(unix)]
#[test]
fn only_this_account_may_read_the_journal() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_root, path) = journal();
    let _journal = Journal::open(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
}
