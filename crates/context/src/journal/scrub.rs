//! Keeps contents of files out of the journal. It names files, their keys and hashes; what stands in a file may be
//! a secret: an `alertmanager.yml` holds webhook addresses, a file of variables holds passwords.
//!
//! Every entry passes [`scrub`] before it is written, so that no caller has to remember, and once more when a
//! journal of an earlier version is opened: that one still has the contents.

use aether_clients::sensitive::mask_text;
use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};

/// First version of the tables that has no contents of files in it.
pub const SCRUBBED: i64 = 3;

/// What stands for a quoted part of a message.
const HIDDEN: &str = "…";

/// Takes contents of files out of an entry's detail or result. What it leaves comes out the same a second time.
pub fn scrub(kind: &str, value: &mut Value) {
    without_diffs(value);
    let Value::Object(fields) = value else { return };
    // Why it failed is told to whoever started it; the words of a server or of a tool may quote the file.
    if let Some(error) = fields.get_mut("error").filter(|error| error.get("code").is_some()) {
        *error = json!({"code": error["code"], "source": error["source"]});
    }
    match kind {
        // Another version of a pinned image.
        "repin" => {
            let known = ["stack", "by", "reason", "image", "files", "copies", "written", "error"];
            fields.retain(|key, _| known.contains(&key.as_str()));
        }
        // Rules: which ones, and which of their keys; neither expressions nor values of annotations.
        "rules" => {
            if let Some(change) = fields.get_mut("change") {
                *change = keys_of_rules(change);
            }
            fields.remove("steps");
        }
        "check" => {
            each_text(fields.get_mut("checks"), &["reason", "evidence"], &|text| mask_text(text));
        }
        // A server that rejects a file quotes it. Dashboards are no files of the operator's and are named in quotes.
        "restore" | "restore-undo"
            if matches!(fields.get("what").and_then(Value::as_str), Some("configs" | "alerting")) =>
        {
            each_text(fields.get_mut("notes"), &[], &without_quotes);
            each_text(fields.get_mut("items"), &["note"], &without_quotes);
        }
        _ => {}
    }
}

/// Drops diffs of files, wherever they are.
fn without_diffs(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("diff");
            fields.values_mut().for_each(without_diffs);
        }
        Value::Array(items) => items.iter_mut().for_each(without_diffs),
        _ => {}
    }
}

fn keys_of_rules(change: &Value) -> Value {
    let edits = change.get("edits").and_then(Value::as_array).into_iter().flatten();
    let edits: Vec<Value> = edits
        .map(|edit| {
            let mut kept = Map::new();
            for key in ["group", "name"] {
                kept.insert(key.to_owned(), edit.get(key).cloned().unwrap_or_default());
            }
            let set = edit.get("set");
            let key = |key: &str| set.and_then(|set| set.get(key)).filter(|value| value.is_string()).cloned();
            let mut of = Map::new();
            for part in ["kind", "name"] {
                of.extend(key(part).map(|value| (part.to_owned(), value)));
            }
            kept.insert("set".to_owned(), Value::Object(of));
            Value::Object(kept)
        })
        .collect();
    let vip = change.get("vipTenants").is_some_and(|list| !list.is_null() && *list != json!(false));
    json!({"edits": edits, "vipTenants": vip})
}

/// Changes every text below `value`; with `keys`, only those below fields of these names.
fn each_text(value: Option<&mut Value>, keys: &[&str], change: &dyn Fn(&str) -> String) {
    match value {
        Some(Value::String(text)) if keys.is_empty() => *text = change(text),
        Some(Value::Array(items)) => items.iter_mut().for_each(|item| each_text(Some(item), keys, change)),
        Some(Value::Object(fields)) => {
            for (key, inner) in fields {
                if keys.is_empty() || keys.contains(&key.as_str()) {
                    each_text(Some(inner), &[], change);
                }
            }
        }
        _ => {}
    }
}

/// A message without what it quotes, and without credentials that it does not quote.
fn without_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open = None;
    for c in text.chars() {
        match (open, c) {
            (Some(quote), c) if c == quote => {
                out.push_str(HIDDEN);
                out.push(c);
                open = None;
            }
            (Some(_), _) => {}
            (None, '"' | '`') => {
                out.push(c);
                open = Some(c);
            }
            (None, c) => out.push(c),
        }
    }
    if open.is_some() {
        out.push_str(HIDDEN);
    }
    mask_text(&out)
}

/// Scrubs every entry of a journal. A second time changes nothing.
pub fn scrub_all(connection: &mut Connection) -> rusqlite::Result<()> {
    // Freed parts of pages are overwritten, so that nothing stays in the file behind the rows.
    connection.pragma_update(None, "secure_delete", "ON")?;
    let change = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    {
        let mut read = change.prepare("SELECT id, kind, detail, result FROM entries")?;
        let mut write = change.prepare("UPDATE entries SET detail = ?2, result = ?3 WHERE id = ?1")?;
        let mut rows = read.query([])?;
        let mut changed = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, kind): (i64, String) = (row.get(0)?, row.get(1)?);
            let (detail, result): (String, Option<String>) = (row.get(2)?, row.get(3)?);
            let clean = |text: &str| {
                // What is not JSON was not written by the panel; nobody can tell what it holds.
                let mut value = serde_json::from_str(text).unwrap_or(Value::Null);
                scrub(&kind, &mut value);
                value.to_string()
            };
            let (new_detail, new_result) = (clean(&detail), result.as_deref().map(clean));
            if new_detail != detail || new_result != result {
                changed.push((id, new_detail, new_result));
            }
        }
        for (id, detail, result) in changed {
            write.execute(params![id, detail, result])?;
        }
    }
    change.commit()
}

/// Rewrites the file without its free pages, and empties the log of changes: both still hold what was there before.
pub fn forget_bytes(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("VACUUM")?;
    // Answers with a row, whose first column is 1 while another process reads.
    let busy: i64 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if busy == 0 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(0)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrubbed(kind: &str, mut value: Value) -> Value {
        scrub(kind, &mut value);
        let once = value.clone();
        scrub(kind, &mut value);
        assert_eq!(value, once, "a second time changes nothing");
        value
    }

    #[test]
    fn diffs_and_values_are_dropped_and_names_stay() {
        let rules = json!({
            "stack": "prod", "reason": "quieter",
            "files": [{"name": "a.yml", "before": "00", "after": "11", "diff": "-s3cret"}],
            "change": {
                "edits": [
                    {"group": "g", "name": "A", "set": {"kind": "annotation", "name": "url", "value": "s3cret"}}
                ],
                "vipTenants": ["acme"],
            },
        });
        assert_eq!(
            scrubbed("rules", rules),
            json!({
                "stack": "prod", "reason": "quieter", "files": [{"name": "a.yml", "before": "00", "after": "11"}],
                "change": {
                    "edits": [{"group": "g", "name": "A", "set": {"kind": "annotation", "name": "url"}}],
                    "vipTenants": true,
                },
            })
        );
        let diff = "-TAG=1\n PASSWORD=s3cret";
        let written = json!({"written": [{"path": "/a/.env", "what": "variables", "diff": diff}]});
        assert_eq!(
            scrubbed("repin", written),
            json!({"written": [{"path": "/a/.env", "what": "variables"}]})
        );
    }

    #[test]
    fn errors_are_reduced_to_their_code() {
        let error = json!({
            "error": {"code": "rejected", "source": "alertmanager", "message": "s3cret", "detail": "s3cret"}
        });
        let expected = json!({"error": {"code": "rejected", "source": "alertmanager"}});
        for kind in ["backup-create", "repin", "restore"] {
            assert_eq!(scrubbed(kind, error.clone()), expected, "{kind}");
        }
    }

    #[test]
    fn what_a_server_quotes_of_a_file_is_dropped() {
        let note = "Alertmanager rejected it: unsupported scheme \"s3cret\" for `s3cret` \
                    at https://s3cret@host; \"s3cret";
        let record =
            json!({"what": "configs", "notes": [note], "items": [{"title": "a \"b\"", "note": note}]});
        let kept = scrubbed("restore", record);
        assert!(!kept.to_string().contains("s3cret"), "{kept}");
        assert!(
            kept["notes"][0]
                .as_str()
                .is_some_and(|note| note.starts_with("Alertmanager rejected it: unsupported"))
        );
        assert_eq!(kept["items"][0]["title"], "a \"b\"");
        let board = json!({"what": "dashboards", "notes": ["\"Overview\" is new"], "items": []});
        assert_eq!(scrubbed("restore", board.clone()), board);
    }

    #[test]
    fn other_entries_stay_as_they_are() {
        let window =
            json!({"comment": "a \"b\"", "matchers": [{"name": "token", "value": "x"}], "silences": ["s"]});
        assert_eq!(scrubbed("maintenance-start", window.clone()), window);
    }
}
