//! Whether the server reads the files that are about to be written, as far as that is known in advance.

use std::path::{Path, PathBuf};

use aether_clients::{Docker, docker::Mount, is_loopback, prometheus::RuleGroup};
use aether_contract::{ErrorCode, PanelError, ServiceKind};
use aether_foundation::{
    stack::{Profile, prometheus_container},
    task::blocking,
};

use crate::{configs::verify, file};

/// Longest file that is compared with what the server runs.
const MAX: u64 = 16 * 1024 * 1024;

/// Why the server would not see a changed rule file: it loads none of its groups, or loads them from another file.
/// None where it reads these files, and where that can't be told. `files`: place and text, as they are now.
pub async fn refusal(
    profile: &Profile,
    running: Vec<RuleGroup>,
    files: Vec<(PathBuf, String)>,
) -> Option<PanelError> {
    let mounts = mounts(profile).await;
    let address = profile.prometheus.urls.first().and_then(|url| url::Url::parse(url).ok());
    let local = address.as_ref().is_some_and(is_loopback);
    let look = move || {
        let found =
            files.iter().find_map(|(path, text)| unread(path, text, &running, mounts.as_deref(), local));
        Ok(found)
    };
    blocking(look).await.ok().flatten()
}

/// As [`refusal`], of one file.
fn unread(
    path: &Path,
    text: &str,
    running: &[RuleGroup],
    mounts: Option<&[Mount]>,
    local: bool,
) -> Option<PanelError> {
    let wanted = file::read(text).ok()?;
    let mut loaded: Vec<&RuleGroup> =
        running.iter().filter(|group| wanted.groups.iter().any(|one| one.name == group.name)).collect();
    if loaded.is_empty() && !wanted.groups.is_empty() {
        let message = format!("Prometheus does not load {}.", path.display());
        return Some(refused(message).with_hint(
            "Reload it if the file is new. Otherwise list the file under rule_files, or set [pack] dir to the \
                directory that Prometheus reads.",
        ));
    }
    loaded.dedup_by(|a, b| a.file == b.file);
    let mut other = None;
    for group in loaded {
        match place(&group.file, mounts, local) {
            Some(at) if is_same(&at, path) => return None,
            // Another file of that path may lie here, and the container may be another server's: it is believed
            // only if the server runs just what the file says.
            Some(at) if runs(&at, group, running) => other = other.or(Some(at)),
            // It may lie anywhere.
            _ => return None,
        }
    }
    let message = format!("Prometheus reads {}, not {}.", other?.display(), path.display());
    Some(refused(message).with_hint(
        "Change rule_files to this file, or set [pack] dir in the profile to the directory that Prometheus \
            reads.",
    ))
}

fn refused(message: String) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, ServiceKind::Prometheus.as_str(), message)
}

/// The mounts of the container that Prometheus runs in, where the profile knows it and its engine is this machine's.
async fn mounts(profile: &Profile) -> Option<Vec<Mount>> {
    let (host, name) = prometheus_container(profile)?;
    if !host.starts_with("unix:") {
        return None;
    }
    let found = Docker::connect(&host).ok()?.container(&name).await.ok()??;
    found.running.then_some(found.mounts)
}

/// Where the server's file is on this machine, if it is here.
fn place(loaded: &str, mounts: Option<&[Mount]>, local: bool) -> Option<PathBuf> {
    let loaded = Path::new(loaded);
    let Some(mounts) = mounts else {
        return Some(loaded.to_owned()).filter(|path| local && path.is_absolute() && path.is_file());
    };
    let inside = |mount: &&Mount| mount.kind == "bind" && loaded.starts_with(&mount.destination);
    let mount = mounts.iter().filter(inside).max_by_key(|mount| mount.destination.len())?;
    let rest = loaded.strip_prefix(&mount.destination).ok()?;
    let source = Path::new(&mount.source);
    let at = if rest.as_os_str().is_empty() { source.to_owned() } else { source.join(rest) };
    at.is_file().then_some(at)
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (std::fs::canonicalize(one), std::fs::canonicalize(other)) {
        (Ok(a), Ok(b)) => a == b || same_inode(&a, &b),
        _ => false,
    }
}

#[cfg(unix)]
fn same_inode(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (std::fs::metadata(a), std::fs::metadata(b)) {
        (Ok(a), Ok(b)) => a.dev() == b.dev() && a.ino() == b.ino(),
        _ => false,
    }
}

#[cfg(not(unix))]
fn same_inode(_: &Path, _: &Path) -> bool {
    false
}

/// Whether the server runs what this file says of a group.
fn runs(path: &Path, group: &RuleGroup, running: &[RuleGroup]) -> bool {
    let text = aether_foundation::files::read_limited(path, MAX).ok();
    text.and_then(|bytes| String::from_utf8(bytes).ok()).is_some_and(|text| {
        let has = file::read(&text).is_ok_and(|read| read.groups.iter().any(|one| one.name == group.name));
        has && verify::rules_unlike(&text, running).is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(source: &Path, destination: &str) -> Mount {
        Mount {
            kind: "bind".into(),
            source: source.display().to_string(),
            destination: destination.into(),
            ..Mount::default()
        }
    }

    #[test]
    fn a_path_in_a_container_is_found_through_the_innermost_mount() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("rules")).unwrap();
        for name in ["rules/a.yml", "single.yml"] {
            std::fs::write(at(name), "groups: []").unwrap();
        }
        let mounts = [
            bind(folder.path(), "/etc/prometheus"),
            bind(&at("rules"), "/etc/prometheus/rules"),
            bind(&at("single.yml"), "/etc/prometheus/one.yml"),
        ];
        let found = |loaded: &str| place(loaded, Some(&mounts), false);
        assert_eq!(found("/etc/prometheus/rules/a.yml"), Some(at("rules/a.yml")));
        assert_eq!(found("/etc/prometheus/one.yml"), Some(at("single.yml")));
        assert_eq!(found("/etc/prometheus/gone.yml"), None);
        assert_eq!(found("/etc/prometheus-other/rules/a.yml"), None, "the name begins alike");
        let here = at("single.yml").display().to_string();
        assert_eq!(place(&here, None, true), Some(at("single.yml")));
        assert_eq!(place(&here, None, false), None, "the server is another machine's");
        assert_eq!(place("single.yml", None, true), None);
    }
}
