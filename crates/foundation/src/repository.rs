//! Finds the Git work tree that a directory belongs to, and calls Git there.
//!
//! Git runs programs that a repository's configuration names (`core.fsmonitor`, hooks). Only the repository that
//! holds a directory of the person's own choice may do so, never one that came with imported files. So the work tree
//! is found here, without Git, and Git starts in its root: below it, Git looks for no other repository.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use crate::{child, names::is_git_name};

/// The device that stands for "no directory of hooks".
const NO_HOOKS: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };
/// Most characters of Git's own message that are shown.
const MAX_WORDS: usize = 600;
/// Deepest directory that is searched for a nested repository.
const MAX_DEPTH: usize = 64;

/// The root of the work tree that holds a directory; none when it is in no work tree. No program runs.
///
/// # Errors
/// Those of the file system, for a directory that does not exist too.
pub fn work_tree(dir: &Path) -> io::Result<Option<PathBuf>> {
    let real = fs::canonicalize(dir)?;
    Ok(real.ancestors().find(|above| is_root(above)).map(Path::to_path_buf))
}

/// Whether Git would take a directory for the root of a work tree. A linked work tree and a submodule have a file
/// `.git`.
fn is_root(dir: &Path) -> bool {
    let dot_git = dir.join(".git");
    dot_git.is_file() || dot_git.join("HEAD").symlink_metadata().is_ok()
}

/// A repository inside a directory, as its path there: an entry that Git may take for `.git`, or the layout of a bare
/// repository. Symbolic links are not followed.
///
/// # Errors
/// Those of the file system: what can't be read may hide one.
pub fn nested(dir: &Path) -> io::Result<Option<PathBuf>> {
    search(dir, 0)
        .map(|found| found.map(|path| path.strip_prefix(dir).map(Path::to_path_buf).unwrap_or(path)))
}

fn search(dir: &Path, depth: usize) -> io::Result<Option<PathBuf>> {
    if depth > MAX_DEPTH {
        return Err(io::Error::other("its directories are nested too deeply"));
    }
    let mut below = Vec::new();
    let (mut head, mut store) = (false, false);
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if is_git_name(&name) {
            return Ok(Some(entry.path()));
        }
        head |= name == "head";
        store |= ["objects", "refs", "config", "commondir"].contains(&name.as_str());
        if entry.file_type()?.is_dir() {
            below.push(entry.path());
        }
    }
    if head && store {
        return Ok(Some(dir.join("HEAD")));
    }
    for dir in below {
        if let Some(found) = search(&dir, depth + 1)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// What Git is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To look: no hook runs, nothing is written and no other machine is asked.
    Look,
    /// To commit, at a person's command: the hooks and the signing key of the work tree's own repository apply.
    Commit,
}

/// Why Git gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitError {
    /// This machine has no Git.
    Missing,
    /// What Git said, on one line.
    Failed(String),
}

/// Runs Git in the root of a work tree and returns its output.
///
/// # Errors
/// [`GitError`].
pub fn git(root: &Path, purpose: Purpose, arguments: &[&OsStr], limit: Duration) -> Result<String, GitError> {
    let failed = |error: io::Error| GitError::Failed(error.to_string());
    let mut command = child::command("git");
    command.arg("-C").arg(shown(root)).args(["--literal-pathspecs", "--no-pager"]);
    let mut settings =
        vec!["core.fsmonitor=false", "safe.bareRepository=explicit", "diff.ignoreSubmodules=all"];
    let hooks = format!("core.hooksPath={NO_HOOKS}");
    if purpose == Purpose::Look {
        // Without optional locks `status` does not write the index. A partial clone could fetch missing objects.
        command.args(["--no-optional-locks"]).env("GIT_NO_LAZY_FETCH", "1");
        settings.extend([
            hooks.as_str(),
            "protocol.allow=never",
            "core.sshCommand=false",
            "submodule.recurse=false",
        ]);
    }
    for setting in settings {
        command.args(["-c", setting]);
    }
    command
        .args(arguments)
        // If `.git` of this root is no repository after all, no directory above is used in its place.
        .env("GIT_CEILING_DIRECTORIES", root.parent().map(shown).unwrap_or_default())
        // Never waits for a password or an editor; speaks one language.
        .envs([("GIT_TERMINAL_PROMPT", "0"), ("GIT_EDITOR", "true"), ("LC_ALL", "C")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => GitError::Missing,
        _ => failed(error),
    })?;
    // Read in threads of their own: a full pipe would stop Git.
    let out = child.stdout.take().map(|mut pipe| std::thread::spawn(move || drain(&mut pipe)));
    let err = child.stderr.take().map(|mut pipe| std::thread::spawn(move || drain(&mut pipe)));
    let until = Instant::now() + limit;
    let status = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break status,
            None if Instant::now() >= until => {
                // It may have ended in this very moment.
                let _ = child.kill();
                let _ = child.wait();
                return Err(GitError::Failed(format!("Git did not finish within {} s", limit.as_secs())));
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let text = |thread: Option<std::thread::JoinHandle<String>>| {
        thread.and_then(|thread| thread.join().ok()).unwrap_or_default()
    };
    let (out, err) = (text(out), text(err));
    if status.success() {
        return Ok(out);
    }
    let said = if err.trim().is_empty() { out } else { err };
    let one_line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(GitError::Failed(one_line.chars().take(MAX_WORDS).collect()))
}

fn drain(pipe: &mut dyn io::Read) -> String {
    let mut text = Vec::new();
    // What can't be read of a pipe was never said.
    let _ = pipe.read_to_end(&mut text);
    String::from_utf8_lossy(&text).trim_end().to_owned()
}

/// A canonical path as Git takes it: Git for Windows does not understand the prefix `\\?\`.
fn shown(path: &Path) -> PathBuf {
    let text = path.to_string_lossy();
    match text.strip_prefix(r"\\?\").filter(|rest| cfg!(windows) && rest.get(1..2) == Some(":")) {
        Some(rest) => PathBuf::from(rest),
        None => path.to_path_buf(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_outside_of_git_has_no_work_tree() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(work_tree(folder.path()).unwrap(), None);
        assert!(work_tree(&folder.path().join("missing")).is_err());
        // An empty directory named `.git` is not a repository.
        fs::create_dir(folder.path().join(".git")).unwrap();
        assert_eq!(work_tree(folder.path()).unwrap(), None);
    }

    #[test]
    fn work_tree_is_the_nearest_directory_with_a_repository() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let deep = root.join("sub/deep");
        fs::create_dir_all(root.join(".git")).unwrap();
        fs::create_dir_all(&deep).unwrap();
        fs::write(root.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(work_tree(&deep).unwrap(), Some(root.clone()));
        fs::write(root.join("sub/.git"), "gitdir: ../.git/modules/sub\n").unwrap();
        assert_eq!(work_tree(&deep).unwrap(), Some(root.join("sub")));
    }

    #[test]
    fn nested_repository_is_found_at_any_depth() {
        for (path, is_dir) in [
            (".git", true),
            ("a/b/.GIT", true),
            ("a/.git", false),
            ("git~1", true),
            ("a/.git ", true),
            ("b/.g\u{200c}it", true),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let at = folder.path().join(path);
            fs::create_dir_all(at.parent().unwrap()).unwrap();
            if is_dir {
                fs::create_dir(&at).unwrap()
            } else {
                fs::write(&at, "gitdir: /x").unwrap()
            }
            assert_eq!(nested(folder.path()).unwrap(), Some(PathBuf::from(path)), "{path:?}");
        }
        for store in ["objects", "refs", "config", "commondir"] {
            let folder = tempfile::tempdir().unwrap();
            let bare = folder.path().join("x/y");
            fs::create_dir_all(bare.join(store)).unwrap();
            assert_eq!(nested(folder.path()).unwrap(), None);
            fs::write(bare.join("HEAD"), "ref: refs/heads/main").unwrap();
            assert_eq!(nested(folder.path()).unwrap(), Some(PathBuf::from("x/y/HEAD")), "{store}");
        }
    }
}
