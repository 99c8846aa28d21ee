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

/// Everything that SQLite keeps of a journal.
fn bytes(path: &Path) -> Vec<u8> {
    ["", "-wal", "-shm"]
        .iter()
        .filter_map(|end| {
            let mut name = path.as_os_str().to_owned();
            name.push(end);
            std::fs::read(PathBuf::from(name)).ok()
        })
        .flatten()
        .collect()
}

fn holds(path: &Path, text: &str) -> bool {
    bytes(path).windows(text.len()).any(|part| part == text.as_bytes())
}

/// A journal as version 2 wrote it, with secrets in what it says about files.
fn of_version_2(path: &Path, secret: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let connection = Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.execute_batch(TABLES).unwrap();
    let diff = format!(" smtp_auth_password: {secret}\n").repeat(300);
    let error =
        json!({"error": {"code": "rejected", "source": "alertmanager", "message": secret, "detail": secret}});
    let edit = json!({"name": "A", "group": "g", "set": {"kind": "expr", "value": secret}});
    let entries = [
        (
            "repin",
            json!({"image": "a:2", "files": ["/a/.env"]}),
            json!({"written": [{"path": "/a/.env", "what": "variables", "diff": diff}]}),
        ),
        (
            "rules",
            json!({"by": "ann", "files": [{"name": "r.yml", "diff": diff}], "change": {"edits": [edit]}}),
            error.clone(),
        ),
        (
            "restore",
            json!({"what": "configs", "notes": [], "items": []}),
            json!({"what": "configs", "notes": [format!("cannot unmarshal `{secret}`")], "items": []}),
        ),
        (
            "check",
            json!({"checks": [{"reason": "", "evidence": [format!("data source a: https://{secret}@host")]}]}),
            json!(null),
        ),
        ("backup-create", json!({"reason": "weekly"}), error),
        ("maintenance-start", json!({"comment": "kept as it is"}), json!({"members": 2})),
    ];
    for (kind, detail, result) in &entries {
        connection
            .execute(
                "INSERT INTO entries (kind, subject, detail, began, outcome, result, ended) \
                 VALUES (?1, 's', ?2, 1, 'done', ?3, 2)",
                params![kind, detail.to_string(), result.to_string()],
            )
            .unwrap();
    }
    connection.pragma_update(None, "user_version", 2).unwrap();
}

#[test]
fn journal_of_an_earlier_version_is_scrubbed_to_its_last_byte() {
    let secret = "s3cr3t-Zq7-0123456789";
    let (_root, path) = journal();
    of_version_2(&path, secret);
    assert!(holds(&path, secret), "the test proves something");
    let journal = Journal::open(&path).unwrap();
    assert!(!holds(&path, secret), "while it is open");
    let written = journal.find("repin", "s").unwrap().unwrap();
    assert_eq!(written.detail, json!({"image": "a:2", "files": ["/a/.env"]}));
    assert_eq!(written.result, Some(json!({"written": [{"path": "/a/.env", "what": "variables"}]})));
    let rules = journal.find("rules", "s").unwrap().unwrap();
    assert_eq!(rules.detail["files"], json!([{"name": "r.yml"}]));
    assert_eq!(rules.result, Some(json!({"error": {"code": "rejected", "source": "alertmanager"}})));
    let window = journal.find("maintenance-start", "s").unwrap().unwrap();
    assert_eq!(
        (window.detail, window.result),
        (json!({"comment": "kept as it is"}), Some(json!({"members": 2})))
    );
    drop(journal);
    assert!(!holds(&path, secret), "after it was closed");
    let version: i64 =
        Connection::open(&path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, SCHEMA);
}

#[test]
fn scrubbing_is_repeated_while_another_process_reads_the_old_entries() {
    let secret = "s3cr3t-Zq7-0123456789";
    let (_root, path) = journal();
    of_version_2(&path, secret);
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let rows: i64 = reader.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 6);
    let journal = Journal::open(&path).unwrap();
    // It works, and what is read of it is clean already.
    assert!(!journal.find("repin", "s").unwrap().unwrap().result.unwrap().to_string().contains(secret));
    drop(journal);
    reader.execute_batch("COMMIT").unwrap();
    drop(reader);
    let journal = Journal::open(&path).unwrap();
    assert!(!holds(&path, secret));
    drop(journal);
}

#[test]
fn contents_of_files_are_never_written() {
    let secret = "s3cr3t-Zq7-0123456789";
    let (_root, path) = journal();
    let journal = Journal::open(&path).unwrap();
    let diff =
        json!({"written": [{"path": "/a", "diff": secret}], "error": {"code": "storage", "message": secret}});
    let entry = journal.begin("repin", "s", &diff, Timestamp(1)).unwrap();
    journal.annotate(entry, "s", &diff).unwrap();
    assert!(journal.replace(entry, &diff, &diff).unwrap());
    journal.complete(entry, "failed", &diff, Timestamp(2)).unwrap();
    assert!(!holds(&path, secret));
    let kept = journal.find("repin", "s").unwrap().unwrap();
    assert_eq!(kept.detail["written"], json!([{"path": "/a"}]));
}
