//! Backups kept in Git: how one stands in the work tree that its folder lies in, and committing it. Git itself does it, so
//! that the person's own settings, hooks and signatures hold.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use aether_contract::{BackupCommitted, BackupGit, BackupId, ErrorCode, PanelError};
use serde_json::json;

use super::{create, store::Store};
use crate::panel::{blocking, core::Core};

/// The journal's word for it.
const COMMIT: &str = "backup-commit";
/// How long looking may take: a screen waits for it.
const LOOK: Duration = Duration::from_secs(5);
/// How long committing may take: hooks run too.
const WORK: Duration = Duration::from_secs(300);
/// Most of Git's words that are told, in characters.
const MAX_WORDS: usize = 600;

/// How a backup stands in Git; none when its folder is in no work tree, or Git is not at hand.
pub fn state(folder: &Path) -> Option<BackupGit> {
    let root = git(folder, &["rev-parse", "--show-toplevel"], LOOK).ok()?;
    let branch = git(folder, &["symbolic-ref", "--short", "--quiet", "HEAD"], LOOK).unwrap_or_default();
    let ignored = git(folder, &["check-ignore", "--quiet", "."], LOOK).is_ok();
    // Everything that a commit would have to take in, untracked files one by one.
    let open = git(folder, &["status", "--porcelain", "--untracked-files=all", "--", "."], LOOK);
    let problem = match (&open, ignored) {
        (_, true) => "Git ignores it here (.gitignore).".to_owned(),
        (Err(why), _) => format!("Git can't tell how it stands: {why}"),
        (Ok(_), _) if branch.is_empty() => "No branch is checked out there.".to_owned(),
        _ => String::new(),
    };
    let committed = !ignored && open.is_ok_and(|open| open.is_empty());
    Some(BackupGit { root, branch, committed, problem })
}

/// Commits a backup, and nothing else that may be staged there.
///
/// # Errors
/// `not-found`; `invalid-request` when it is in no work tree, ignored there, or committed already; `storage` with Git's words.
pub async fn commit(core: Arc<Core>, id: BackupId) -> Result<BackupCommitted, PanelError> {
    let live = core.live();
    let store = Store::of(&live.profile, &core.home.data);
    let job = core.jobs.begin(format!("Committing {}", id.0))?;
    let lock = create::locked(&store).await?;
    let folder = store.folder(&id)?;
    let refuse = |words: &str| Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words.to_owned()));
    let (at, name) = (folder.clone(), id.0.clone());
    let (state, reason) = blocking(move || {
        let listed = store.entry(&name, &mut std::collections::BTreeMap::new()).ok().flatten();
        Ok((state(&at), listed.map(|backup| backup.reason).unwrap_or_default()))
    })
    .await?;
    let Some(state) = state else {
        return refuse("The folder of backups is in no work tree of Git.");
    };
    if !state.problem.is_empty() {
        return refuse(&state.problem);
    }
    if state.committed {
        return refuse("This backup is committed already.");
    }
    let message = message(&id, &reason);
    let detail = json!({"stack": live.profile.name, "root": state.root, "message": message});
    let entry = core.journal_begin(COMMIT, &id.0, detail).await?;
    let text = message.clone();
    job.stage("committing", 0);
    let made = blocking(move || {
        let failed = |why: String| {
            PanelError::new(ErrorCode::Storage, "git", "Git did not commit it.")
                .with_hint("Commit it by hand, or mend what Git says.")
                .with_detail(why)
        };
        git(&folder, &["add", "--", "."], WORK).map_err(failed)?;
        // The path names what is committed: what somebody has staged elsewhere stays as it is.
        git(&folder, &["commit", "--quiet", "--message", &text, "--", "."], WORK).map_err(failed)?;
        match self::state(&folder) {
            Some(state) if state.committed => git(&folder, &["rev-parse", "HEAD"], LOOK).map_err(failed),
            _ => Err(failed("after the commit some of its files are still not in it".into())),
        }
    })
    .await;
    let (outcome, result) = match &made {
        Ok(commit) => ("done", json!({"commit": commit})),
        Err(error) => ("failed", json!({"error": error})),
    };
    core.journal_complete(entry, outcome, result).await?;
    drop((lock, job));
    Ok(BackupCommitted { id, commit: made?, message })
}

fn message(id: &BackupId, reason: &str) -> String {
    let reason: String = reason.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect();
    if reason.is_empty() { format!("backup: {}", id.0) } else { format!("backup: {} {reason}", id.0) }
}

/// Runs Git in a folder; its output without the line's end.
fn git(folder: &Path, arguments: &[&str], limit: Duration) -> Result<String, String> {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(arguments)
        // Never waits for a password, an editor or a pager; speaks one language.
        .envs([("GIT_TERMINAL_PROMPT", "0"), ("GIT_EDITOR", "true"), ("GIT_PAGER", "cat"), ("LC_ALL", "C")])
        // Set while somebody's hook runs, they would lead elsewhere.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    // Read beside it: a full pipe would stop it.
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let read = |pipe: Option<Box<dyn std::io::Read + Send>>| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(mut pipe) = pipe {
                // What can't be read is no word of Git's.
                let _ = pipe.read_to_end(&mut text);
            }
            String::from_utf8_lossy(&text).trim_end().to_owned()
        })
    };
    let out = read(out.map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>));
    let err = read(err.map(|pipe| Box::new(pipe) as Box<dyn std::io::Read + Send>));
    let until = Instant::now() + limit;
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if Instant::now() >= until => {
                // It may have ended in this very moment.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no end within {} s", limit.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let out = out.join().unwrap_or_default();
    if status.success() {
        return Ok(out);
    }
    let said = err.join().unwrap_or_default();
    let said = if said.is_empty() { out } else { said };
    Err(said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_WORDS).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_of_many_lines_makes_one_line_of_a_message() {
        let id = BackupId("2026-11-27_14-05".into());
        assert_eq!(message(&id, "before\n\nthe deploy"), "backup: 2026-11-27_14-05 before the deploy");
        assert_eq!(message(&id, " "), "backup: 2026-11-27_14-05");
    }

    #[test]
    fn a_folder_outside_of_git_stands_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(state(folder.path()), None);
    }

    #[test]
    fn a_folder_in_a_work_tree_tells_how_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let run = |arguments: &[&str]| git(at, arguments, WORK).unwrap();
        run(&["init", "--quiet", "--initial-branch", "main"]);
        run(&["config", "user.email", "a@b"]);
        run(&["config", "user.name", "a"]);
        let backup = at.join("backups/one");
        std::fs::create_dir_all(&backup).unwrap();
        std::fs::write(backup.join("f"), "x").unwrap();
        let found = state(&backup).unwrap();
        assert_eq!((found.branch.as_str(), found.committed, found.problem.as_str()), ("main", false, ""));
        run(&["add", "backups/one/f"]);
        run(&["commit", "--quiet", "-m", "x"]);
        assert!(state(&backup).unwrap().committed);
        std::fs::write(at.join(".gitignore"), "backups/two\n").unwrap();
        std::fs::create_dir_all(at.join("backups/two")).unwrap();
        std::fs::write(at.join("backups/two/f"), "x").unwrap();
        let ignored = state(&at.join("backups/two")).unwrap();
        assert!(!ignored.committed && ignored.problem.contains("ignores"), "{ignored:?}");
    }
}
