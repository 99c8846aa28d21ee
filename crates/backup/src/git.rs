//! Backups kept in Git: the state of one in the work tree that holds the folder of backups, and committing it. Git
//! itself commits, so that the person's own settings, hooks and signatures apply. What a backup contains never
//! decides which repository Git uses: see [`aether_foundation::repository`].

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aether_contract::{BackupCommitted, BackupGit, BackupId, ErrorCode, PanelError};
use serde_json::json;

use super::store::Store;
use crate::Backups;
use aether_foundation::{
    repository::{self, GitError, Purpose, git},
    task::blocking,
};

/// The journal's word for it.
const COMMIT: &str = "backup-commit";
/// How long a look-up may take: a screen waits for it.
const LOOK: Duration = Duration::from_secs(5);
/// How long committing may take: hooks run too.
const WORK: Duration = Duration::from_secs(300);

/// Where a backup is in the work tree that holds the folder of backups.
struct Place {
    /// The work tree.
    root: PathBuf,
    /// The backup's path in it.
    path: PathBuf,
}

impl Place {
    /// None when the folder of backups is in no work tree. No program runs.
    fn of(store: &Path, id: &BackupId) -> Option<Self> {
        let store = std::fs::canonicalize(store).ok()?;
        let root = repository::work_tree(&store).ok()??;
        let path = store.strip_prefix(&root).ok()?.join(&id.0);
        Some(Self { root, path })
    }

    /// Runs Git on this backup's path alone.
    fn run(&self, purpose: Purpose, arguments: &[&str], limit: Duration) -> Result<String, GitError> {
        let mut all: Vec<&OsStr> = arguments.iter().map(OsStr::new).collect();
        all.extend([OsStr::new("--"), self.path.as_os_str()]);
        git(&self.root, purpose, &all, limit)
    }

    /// Why Git is not called for this backup; empty when it may be.
    fn refusal(&self) -> String {
        match repository::nested(&self.root.join(&self.path)) {
            Ok(None) => String::new(),
            Ok(Some(found)) => format!(
                "This backup contains a Git repository ({}), so Git was not run on it. Remove the nested \
                    repository, or do not commit this backup.",
                found.display()
            ),
            Err(error) => format!("Failed to search the backup for a nested Git repository: {error}."),
        }
    }
}

/// The state of a backup in Git; none when the folder of backups is in no work tree, or this machine has no Git.
pub fn state(store: &Path, id: &BackupId) -> Option<BackupGit> {
    state_at(&Place::of(store, id)?)
}

fn state_at(place: &Place) -> Option<BackupGit> {
    let mut state = BackupGit {
        root: place.root.display().to_string(),
        branch: String::new(),
        committed: false,
        problem: place.refusal(),
    };
    if !state.problem.is_empty() {
        return Some(state);
    }
    // Everything that a commit would have to add, untracked files one by one. It shows no differences, so that no
    // external program for them runs.
    let look = [
        "status",
        "--porcelain=v2",
        "--branch",
        "-z",
        "--untracked-files=all",
        "--ignored=matching",
        "--no-renames",
    ];
    let text = match place.run(Purpose::Look, &[&look[..], &["--ignore-submodules=all"]].concat(), LOOK) {
        Ok(text) => text,
        Err(GitError::Missing) => return None,
        Err(GitError::Failed(why)) => {
            state.problem = format!("Git failed to report the status of this backup: {why}");
            return Some(state);
        }
    };
    let (mut open, mut ignored) = (0_u32, Vec::new());
    for record in text.split('\0').filter(|record| !record.is_empty()) {
        match record.split_at_checked(2) {
            Some(("# ", about)) => {
                if let Some(branch) = about.strip_prefix("branch.head ").filter(|name| *name != "(detached)")
                {
                    branch.clone_into(&mut state.branch);
                }
            }
            Some(("! ", path)) => ignored.push(path),
            _ => open += 1,
        }
    }
    state.problem = match ignored.as_slice() {
        // The backup itself, or a folder above it.
        [path] if place.path.starts_with(path) => "Git ignores this backup (.gitignore).".to_owned(),
        [_, ..] => format!("Files of this backup ignored by Git (.gitignore): {}.", ignored.len()),
        [] if state.branch.is_empty() => "The work tree has no branch checked out.".to_owned(),
        [] => String::new(),
    };
    state.committed = ignored.is_empty() && open == 0;
    Some(state)
}

/// Commits a backup, and nothing else that may be staged there.
///
/// # Errors
/// `not-found`; `invalid-request` when it is in no work tree, ignored there, or committed already; `storage`
/// with Git's words.
pub async fn commit(backups: Arc<Backups>, id: BackupId) -> Result<BackupCommitted, PanelError> {
    let live = backups.ctx.live();
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let job = backups.ctx.jobs.begin(format!("Committing {}", id.0))?;
    let lock = crate::store::locked(&store).await?;
    store.folder(&id)?;
    let refuse = |words: &str| Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words.to_owned()));
    let asked = id.clone();
    let (found, reason) = blocking(move || {
        let listed = store.entry(&asked.0, &mut crate::store::Cache::default()).ok().flatten();
        let found = Place::of(store.root(), &asked).and_then(|place| Some((state_at(&place)?, place)));
        Ok((found, listed.map(|backup| backup.reason).unwrap_or_default()))
    })
    .await?;
    let Some((state, place)) = found else {
        return refuse("The backup folder is not in a Git work tree.");
    };
    if !state.problem.is_empty() {
        return refuse(&state.problem);
    }
    if state.committed {
        return refuse("This backup is already committed.");
    }
    let message = message(&id, &reason);
    let detail = json!({"stack": live.profile.name, "root": state.root, "message": message});
    let entry = backups.ctx.journal_begin(COMMIT, &id.0, detail).await?;
    let text = message.clone();
    job.stage("committing", 0);
    let made = blocking(move || {
        let refused = |why: String| {
            PanelError::new(ErrorCode::Storage, "git", "Git failed to commit the backup.")
                .with_hint("Fix the problem reported by Git, or commit manually.")
                .with_detail(why)
        };
        let failed = |error: GitError| match error {
            GitError::Failed(why) => refused(why),
            GitError::Missing => refused("git: command not found".to_owned()),
        };
        place.run(Purpose::Commit, &["add"], WORK).map_err(failed)?;
        // The path names what is committed: what somebody has staged elsewhere stays as it is.
        place.run(Purpose::Commit, &["commit", "--quiet", "--message", &text], WORK).map_err(failed)?;
        match state_at(&place) {
            Some(state) if state.committed => {
                let head = [OsStr::new("rev-parse"), OsStr::new("HEAD")];
                git(&place.root, Purpose::Look, &head, LOOK).map_err(failed)
            }
            _ => Err(refused("some files are missing from the commit".into())),
        }
    })
    .await;
    let (outcome, result) = match &made {
        Ok(commit) => ("done", json!({"commit": commit})),
        Err(error) => ("failed", json!({"error": error})),
    };
    backups.ctx.journal_complete(entry, outcome, result).await?;
    drop((lock, job));
    Ok(BackupCommitted { id, commit: made?, message })
}

fn message(id: &BackupId, reason: &str) -> String {
    let reason: String = reason.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(120).collect();
    if reason.is_empty() { format!("backup: {}", id.0) } else { format!("backup: {} {reason}", id.0) }
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

    fn run(at: &Path, arguments: &[&str]) {
        let output =
            aether_foundation::child::command("git").arg("-C").arg(at).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// A work tree with the folder `backups` in it.
    fn repository() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        run(folder.path(), &["init", "--quiet", "--initial-branch", "main"]);
        run(folder.path(), &["config", "user.email", "a@b"]);
        run(folder.path(), &["config", "user.name", "a"]);
        let store = folder.path().join("backups");
        std::fs::create_dir(&store).unwrap();
        (folder, store)
    }

    fn backup(store: &Path, name: &str, files: &[&str]) -> BackupId {
        for file in files {
            let path = store.join(name).join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        BackupId(name.to_owned())
    }

    #[test]
    fn store_outside_of_git_has_no_state() {
        let folder = tempfile::tempdir().unwrap();
        let id = backup(folder.path(), "one", &["f"]);
        assert_eq!(state(folder.path(), &id), None);
    }

    #[test]
    fn store_in_a_work_tree_reports_branch_and_commit() {
        let (folder, store) = repository();
        let one = backup(&store, "one", &["f"]);
        let found = state(&store, &one).unwrap();
        assert_eq!((found.branch.as_str(), found.committed, found.problem.as_str()), ("main", false, ""));
        run(folder.path(), &["add", "backups/one/f"]);
        run(folder.path(), &["commit", "--quiet", "-m", "x"]);
        assert!(state(&store, &one).unwrap().committed);
        let sibling = backup(&store, "one2", &["f"]);
        assert!(state(&store, &one).unwrap().committed && !state(&store, &sibling).unwrap().committed);
        run(folder.path(), &["checkout", "--quiet", "--detach"]);
        assert!(state(&store, &one).unwrap().problem.contains("no branch"));
    }

    #[test]
    fn ignored_backup_or_file_is_a_problem() {
        let (folder, store) = repository();
        let two = backup(&store, "two", &["f", "blocks/g.zst"]);
        for (rule, words) in [
            ("backups/two\n", "ignores this backup"),
            ("backups/\n", "ignores this backup"),
            ("*.zst\n", "ignored by Git (.gitignore): 1."),
        ] {
            std::fs::write(folder.path().join(".gitignore"), rule).unwrap();
            let ignored = state(&store, &two).unwrap();
            assert!(!ignored.committed && ignored.problem.contains(words), "{rule}: {ignored:?}");
        }
    }

    #[test]
    fn backup_id_is_never_read_as_a_pattern_or_an_option() {
        let (_folder, store) = repository();
        backup(&store, "one", &["f"]);
        for name in ["*", "--help", ":(top)", "o[n]e"] {
            let id = backup(&store, name, &["f"]);
            let found = state(&store, &id).unwrap();
            assert_eq!((found.committed, found.problem.as_str()), (false, ""), "{name}");
        }
    }

    #[test]
    fn nested_repository_is_reported_and_git_is_not_called() {
        let (_folder, store) = repository();
        for file in [".git/config", "a/git~1/config"] {
            let id = backup(&store, "hostile", &[file]);
            let found = state(&store, &id).unwrap();
            // The branch is what Git itself would have told.
            assert!(
                found.problem.contains("contains a Git repository") && found.branch.is_empty(),
                "{found:?}"
            );
            std::fs::remove_dir_all(store.join("hostile")).unwrap();
        }
    }
}
