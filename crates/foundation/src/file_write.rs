//! Writing a configuration file in place, so that whoever has it mounted or linked sees it change.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::paths;

/// Largest file that is read or written, in bytes.
pub const MAX: u64 = 64 * 1024 * 1024;

/// What is there now; none when nothing is.
///
/// # Errors
/// As the file system tells; a file that is too large is one.
pub fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match crate::files::read_limited(path, MAX) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts `after` in the place of what is there and reads it back; none deletes the file. When it fails, what was there
/// before is put back as far as the disk lets it be.
///
/// # Errors
/// As the file system tells.
pub fn put(path: &Path, before: Option<&[u8]>, after: Option<&[u8]>) -> io::Result<()> {
    let done = change(path, after).and_then(|()| match read(path)? {
        now if now.as_deref() == after => Ok(()),
        _ => Err(io::Error::other("the written file does not match when read back")),
    });
    if done.is_err()
        && let Err(error) = change(path, before)
    {
        tracing::error!(file = %path.display(), %error, "a partially written file could not be restored");
    }
    done
}

/// A file that is to be written; none as its content: it is not there, or is to be deleted.
#[derive(Debug, Clone, Copy)]
pub struct Write<'a> {
    /// Where it really lies.
    pub path: &'a Path,
    /// What has to be there.
    pub before: Option<&'a [u8]>,
    /// What is to be there.
    pub after: Option<&'a [u8]>,
}

/// Why not all files were written.
#[derive(Debug)]
pub struct PartialWrite {
    /// Which one could not be.
    pub index: usize,
    /// What was wanted of it (`read` or `write`) and failed; none: somebody has changed it meanwhile.
    pub failed: Option<(&'static str, io::Error)>,
    /// Files before it that could not be put back; empty: everything is as before.
    pub left: Vec<PathBuf>,
}

/// Who may read the files at these paths; none for a file that does not exist.
pub fn modes<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<Option<fs::Permissions>> {
    paths.map(|path| fs::symlink_metadata(path).ok().map(|meta| meta.permissions())).collect()
}

/// Gives a file that was deleted and created again the mode that it had: a server of another account reads it.
pub fn set_mode(path: &Path, mode: Option<&fs::Permissions>) {
    let Some(mode) = mode else { return };
    let now = fs::symlink_metadata(path).ok().filter(fs::Metadata::is_file);
    if now.is_some_and(|now| now.permissions() != *mode)
        && let Err(error) = fs::set_permissions(path, mode.clone())
    {
        tracing::error!(file = %path.display(), %error, "failed to restore the file's mode");
    }
}

/// Writes all files, or none: one that fails takes those before it back. `each` is called after each.
///
/// # Errors
/// [`PartialWrite`].
pub fn put_all(files: &[Write<'_>], mut each: impl FnMut()) -> Result<(), PartialWrite> {
    let modes = modes(files.iter().map(|one| one.path));
    for (index, one) in files.iter().enumerate() {
        let failed = match read(one.path) {
            Err(error) => Some(("read", error)),
            Ok(now) if now.as_deref() != one.before => None,
            Ok(_) => match put(one.path, one.before, one.after) {
                Ok(()) => {
                    each();
                    continue;
                }
                Err(error) => Some(("write", error)),
            },
        };
        let mut left = Vec::new();
        for (done, mode) in files.iter().zip(&modes).take(index).rev() {
            if let Err(error) = put(done.path, done.after, done.before) {
                tracing::error!(file = %done.path.display(), %error, "failed to roll back");
                left.push(done.path.to_path_buf());
            }
            set_mode(done.path, mode.as_ref());
        }
        // It may have been deleted before it failed.
        set_mode(one.path, modes.get(index).and_then(Option::as_ref));
        return Err(PartialWrite { index, failed, left });
    }
    Ok(())
}

fn change(path: &Path, content: Option<&[u8]>) -> io::Result<()> {
    let Some(bytes) = content else {
        return match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => path.parent().map_or(Ok(()), paths::sync_dir),
        };
    };
    let new = !path.exists();
    if new && let Some(parent) = path.parent() {
        paths::create_private_dir(parent)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    // Configuration may hold secrets. A file that exists is written in place and keeps its mode and owner.
    paths::private(&mut options);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    // Only now: a reader in between sees a mixture, and never an empty file.
    file.set_len(bytes.len() as u64)?;
    file.sync_all()?;
    if new && let Some(parent) = path.parent() {
        paths::sync_dir(parent)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_identity_and_mode_when_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yml");
        fs::write(&path, "a much longer text than the next").unwrap();
        let other = folder.path().join("linked.yml");
        fs::hard_link(&path, &other).unwrap();
        put(&path, Some(b"x"), Some(b"short")).unwrap();
        // A mount of the single file sees the same: it is still the same file.
        assert_eq!(fs::read_to_string(&other).unwrap(), "short");
        put(&path, Some(b"short"), None).unwrap();
        assert!(!path.exists());
        put(&folder.path().join("new/deep.yml"), None, Some(b"n")).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("new/deep.yml")).unwrap(), "n");
    }

    #[cfg(unix)]
    #[test]
    fn written_file_keeps_its_mode_and_new_file_is_private() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let old = folder.path().join("old.yml");
        fs::write(&old, "old").unwrap();
        for kept in [0o640, 0o604, 0o600] {
            fs::set_permissions(&old, fs::Permissions::from_mode(kept)).unwrap();
            put(&old, Some(b"old"), Some(b"new")).unwrap();
            put(&old, Some(b"new"), Some(b"old")).unwrap();
            assert_eq!(mode(&old), kept);
        }
        let new = folder.path().join("sub/new.yml");
        put(&new, None, Some(b"secret")).unwrap();
        assert_eq!((mode(&new), mode(new.parent().unwrap())), (0o600, 0o700));

        // Deleted, and created again because a later file could not be written.
        fs::set_permissions(&old, fs::Permissions::from_mode(0o644)).unwrap();
        let deleted = Write { path: &old, before: Some(b"old"), after: None };
        let failing = Write { path: &new, before: Some(b"not this"), after: Some(b"x") };
        put_all(&[deleted, failing], || {}).unwrap_err();
        assert_eq!((fs::read(&old).unwrap(), mode(&old)), (b"old".to_vec(), 0o644));
    }

    #[test]
    fn all_files_are_written_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&a, "old").unwrap();
        fs::write(&b, "somebody's").unwrap();
        let write = |path| Write { path, before: Some(b"old"), after: Some(b"new") };
        let mut count = 0;
        let stopped = put_all(&[write(&a), write(&b)], || count += 1).unwrap_err();
        assert!(stopped.index == 1 && stopped.failed.is_none() && stopped.left.is_empty() && count == 1);
        assert_eq!((fs::read(&a).unwrap(), fs::read(&b).unwrap()), (b"old".to_vec(), b"somebody's".to_vec()));
        fs::remove_file(&b).unwrap();
        fs::create_dir(&b).unwrap();
        let stopped = put_all(&[write(&a), write(&b)], || {}).unwrap_err();
        assert!(stopped.failed.is_some());
        assert_eq!(fs::read(&a).unwrap(), b"old");
        put_all(&[write(&a)], || {}).unwrap();
        assert_eq!(fs::read(&a).unwrap(), b"new");
    }
}
