//! Finds the files of the monitoring pack. Every reader and writer of the pack goes through here.
//!
//! A pack may come from somebody else, so a symbolic link in it must not choose which files of this machine are read
//! or written. A link is followed inside the pack's directory, and inside the Git work tree that holds it: teams keep
//! their configuration in one place of a repository and link it to where the pack is.

use aether_foundation::files::read_limited;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use aether_foundation::file_write::MAX;
use aether_foundation::{names as name, repository};

/// Where a file of the pack really is. The file may be missing.
///
/// # Errors
/// `InvalidInput` for a name or a link that leads out of the pack, or for what is not a regular file; those of the file
/// system.
pub fn place(dir: &Path, file: &str) -> io::Result<PathBuf> {
    let inside = file.replace('\\', "/");
    if !name::is_relative(&inside) {
        return Err(wrong(format!("{file:?} is not a path inside the pack directory")));
    }
    if inside.split('/').any(name::is_git_name) {
        return Err(wrong(format!("{file:?} is inside a .git directory")));
    }
    let at = dir.join(&inside);
    match fs::canonicalize(&at) {
        Ok(real) if !may_use(dir, &real)? => Err(wrong(format!(
            "{file} is a symbolic link to a file outside the pack ({}). Copy the file into the pack \
                directory, or keep both in the same Git work tree",
            real.display()
        ))),
        Ok(real) if fs::metadata(&real)?.is_file() => Ok(real),
        Ok(_) => Err(wrong(format!("{file} is not a regular file"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(&at).is_err() => {
            // A new one: the nearest directory above it must be the pack's.
            let above = at.ancestors().skip(1).find(|above| above.exists()).unwrap_or(dir);
            if may_use(dir, &fs::canonicalize(above)?)? {
                Ok(at)
            } else {
                Err(wrong(format!("the directory of {file} is a symbolic link that leads outside the pack")))
            }
        }
        Err(error) => Err(error),
    }
}

/// The content of a file of the pack.
///
/// # Errors
/// As [`place`]; `NotFound`; a file of more than [`MAX`] bytes.
pub fn read(dir: &Path, file: &str) -> io::Result<Vec<u8>> {
    read_limited(&place(dir, file)?, MAX)
}

/// Whether a file that Compose would read from the pack may be read: as [`place`], for a path that may leave the pack's
/// directory and for a linked `.env`. A missing file is left to the reader.
///
/// # Errors
/// `InvalidInput` for a file outside of the pack and its work tree.
pub fn check_compose(dir: &Path, path: &Path) -> io::Result<()> {
    let Ok(real) = fs::canonicalize(path) else { return Ok(()) };
    let env = real.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".env"));
    let real = if env { real.parent().unwrap_or(&real) } else { &real };
    if may_use(dir, real)? {
        return Ok(());
    }
    Err(wrong(format!(
        "{} is outside the pack ({}) and its Git work tree. List the file in [compose] of the profile, or \
            copy it into the pack directory",
        path.display(),
        dir.display()
    )))
}

/// Whether a canonical path is inside the pack, or inside the work tree that holds it. Hidden files of the work tree
/// are not: a home directory may be a work tree, with `.ssh` in it.
fn may_use(dir: &Path, real: &Path) -> io::Result<bool> {
    let dir = fs::canonicalize(dir)?;
    if real.starts_with(&dir) {
        return Ok(!hides_git(real.strip_prefix(&dir).unwrap_or(real)));
    }
    let Some(root) = repository::work_tree(&dir)? else { return Ok(false) };
    let visible = |path: &Path| {
        path.iter()
            .all(|segment| segment.to_str().is_some_and(|segment| name::segment_refusal(segment).is_none()))
    };
    Ok(real.strip_prefix(&root).is_ok_and(visible))
}

fn hides_git(path: &Path) -> bool {
    path.iter().any(|segment| name::is_git_name(&segment.to_string_lossy()))
}

fn wrong(words: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_that_leads_out_of_the_pack_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("pack");
        fs::create_dir_all(dir.join("sub")).unwrap();
        for name in
            ["../x.yml", "/etc/passwd", "a/../../x", "", "c:x", ".git/hooks/pre-commit", "sub/.GIT/config"]
        {
            assert!(place(&dir, name).is_err(), "{name}");
        }
        assert!(place(&dir, "sub").unwrap_err().to_string().contains("not a regular file"));
        assert_eq!(place(&dir, "sub/new.yml").unwrap(), dir.join("sub/new.yml"));
    }

    #[cfg(unix)]
    #[test]
    fn link_is_followed_inside_the_pack_or_its_repository_only() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let dir = root.join("repo/pack");
        fs::create_dir_all(dir.join("real")).unwrap();
        fs::create_dir_all(root.join("repo/shared")).unwrap();
        fs::create_dir_all(root.join("repo/.ssh")).unwrap();
        fs::create_dir_all(root.join("private")).unwrap();
        for file in ["repo/pack/real/a.yml", "repo/shared/b.yml", "repo/.ssh/id_rsa", "private/id_rsa"] {
            fs::write(root.join(file), "x").unwrap();
        }
        let link = |target: &str, name: &str| symlink(target, dir.join(name)).unwrap();
        link("real/a.yml", "inner.yml");
        link("../shared/b.yml", "shared.yml");
        link("../../private/id_rsa", "alertmanager.yml");
        link("../.ssh/id_rsa", "key.yml");
        link("../../private", "out");
        link("../shared", "rules");
        link("missing.yml", "dangling.yml");

        // Without a repository only the pack itself counts.
        assert_eq!(place(&dir, "inner.yml").unwrap(), dir.join("real/a.yml"));
        for name in ["shared.yml", "alertmanager.yml", "key.yml", "out/id_rsa", "rules/b.yml"] {
            let error = place(&dir, name).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("outside the pack"), "{name}: {error}");
            assert!(read(&dir, name).is_err());
        }
        for name in ["out/new.yml", "rules/new.yml"] {
            assert!(place(&dir, name).unwrap_err().to_string().contains("leads outside the pack"), "{name}");
        }
        assert_eq!(place(&dir, "dangling.yml").unwrap_err().kind(), io::ErrorKind::NotFound);

        for (name, good) in
            [("real/a.yml", true), ("../shared/b.yml", false), ("alertmanager.yml", false), ("no", true)]
        {
            assert_eq!(check_compose(&dir, &dir.join(name)).is_ok(), good, "{name}");
        }

        // The repository that holds the pack counts too, but for its hidden files.
        fs::create_dir(root.join("repo/.git")).unwrap();
        fs::write(root.join("repo/.git/HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(place(&dir, "shared.yml").unwrap(), root.join("repo/shared/b.yml"));
        assert_eq!(place(&dir, "rules/new.yml").unwrap(), dir.join("rules/new.yml"));
        fs::write(root.join("repo/.env"), "A=1\n").unwrap();
        link("../.env", ".env");
        for (name, good) in
            [("../shared/b.yml", true), (".env", true), ("key.yml", false), ("../../private/id_rsa", false)]
        {
            assert_eq!(check_compose(&dir, &dir.join(name)).is_ok(), good, "{name}");
        }
        link("../.git/HEAD", "head.yml");
        for name in ["alertmanager.yml", "key.yml", "out/id_rsa", "head.yml"] {
            assert!(place(&dir, name).unwrap_err().to_string().contains("outside the pack"), "{name}");
        }
    }
}
