//! What an archive is, and a folder of dashboards made of another tool's.

use std::path::Path;

use aether_context::jobs::Handle;
use aether_contract::{BackupId, PanelError};
use aether_foundation::names;

use crate::{
    archive_reader::{self, Limits, On, refused, walk},
    build::Builder,
    dashboard::MAX_DASHBOARD,
    manifest::{self, Manifest},
    third_party,
};

/// Most files of one of our own archives: those of a snapshot, and as many again.
pub const MAX_FILES: usize = 250_000;

/// What an archive of another tool may hold. Ours says itself what it holds.
pub const FOREIGN: Limits = Limits { files: third_party::MAX_FILES, file: MAX_DASHBOARD, bytes: 4 << 30 };

/// While a manifest is looked for nothing is written.
pub const LOOK: Limits = Limits { files: MAX_FILES, file: u64::MAX, bytes: u64::MAX };

/// What an archive is.
pub enum Kind {
    /// One of ours: the folder that all of it lies in (empty or with a `/`), its manifest, and that as written.
    Own(String, Box<Manifest>, Vec<u8>),
    /// Another tool's: the folders that all of it lies in as far as the last hidden one (empty or with a `/`).
    Foreign(String),
}

/// What came out of an archive of another tool.
pub struct Taken {
    /// How many of its files may be dashboards.
    pub dashboards: usize,
    /// Files that were left out: `.DS_Store`, `._name` and the like.
    pub hidden: third_party::Hidden,
}

/// What an archive is. Ours has its manifest first, so that only one that somebody packed anew is read to its end.
///
/// # Errors
/// `invalid-request` for an archive that is broken or whose manifest can't be read; `storage`, `cancelled`.
pub fn kind(path: &Path, job: &Handle) -> Result<Kind, PanelError> {
    let mut own = None;
    let mut shared: Option<String> = None;
    walk(path, LOOK, job, |name, size, source| {
        let folders = name.rfind('/').map_or("", |end| name.get(..=end).unwrap_or_default());
        let common = shared.as_deref().map_or(folders, |known| common_folders(known, folders));
        shared = Some(common.to_owned());
        let prefix = name.strip_suffix(manifest::FILE).unwrap_or("-");
        let top = prefix.is_empty() || (prefix.ends_with('/') && prefix.matches('/').count() == 1);
        if !top {
            return Ok(On::Go);
        }
        if size > manifest::MAX {
            return Err(refused(path, "its manifest is too large"));
        }
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(source, &mut bytes)
            .map_err(|error| archive_reader::broken(path, &error))?;
        let manifest = Manifest::read(&bytes).map_err(|why| refused(path, &why))?;
        own = Some(Kind::Own(prefix.to_owned(), Box::new(manifest), bytes));
        Ok(On::Stop)
    })?;
    Ok(own.unwrap_or_else(|| Kind::Foreign(hidden_folders(&shared.unwrap_or_default()).to_owned())))
}

/// The folders that both begin with.
fn common_folders<'a>(one: &'a str, other: &str) -> &'a str {
    let equal = one.split_inclusive('/').zip(other.split_inclusive('/')).take_while(|(a, b)| a == b);
    one.get(..equal.map(|(folder, _)| folder.len()).sum()).unwrap_or_default()
}

/// The folders as far as the last hidden one. Other tools pack the whole path of where their backup lay: what is in a
/// hidden folder there is not hidden in the archive.
fn hidden_folders(folders: &str) -> &str {
    let mut end = 0;
    let mut at = 0;
    for folder in folders.split_inclusive('/') {
        at += folder.len();
        if names::segment_refusal(folder.trim_end_matches('/')).is_some() {
            end = at;
        }
    }
    folders.get(..end).unwrap_or_default()
}

/// Unpacks what another tool made into a new folder of `root`, without the folders that all of it lies in. Without a
/// dashboard nothing is kept.
///
/// # Errors
/// `invalid-request`, `storage`, `cancelled`.
pub fn foreign(
    root: &Path,
    id: &BackupId,
    path: &Path,
    shared: &str,
    job: &Handle,
) -> Result<Taken, PanelError> {
    let mut builder = Builder::new(root, id.clone())?;
    let mut names = names::Names::default();
    let mut hidden = third_party::Hidden::default();
    job.stage("unpacking", 0);
    walk(path, FOREIGN, job, |name, size, source| {
        let name = name.strip_prefix(shared).unwrap_or(name);
        // Archives made on a Mac have such files. `walk` has refused the names of Git.
        if name.split('/').any(|segment| names::segment_refusal(segment).is_some()) {
            hidden.add(name);
            return Ok(On::Go);
        }
        let segments: Vec<String> = name.split('/').map(names::portable).collect();
        // Below a folder that tells what this is, wherever the other tool was when it packed.
        let told = segments.first().is_some_and(|first| third_party::SIGNS.contains(&first.as_str()));
        let inner = if told { segments.join("/") } else { format!("grafana/{}", segments.join("/")) };
        if inner.matches('/').count() > third_party::MAX_DEPTH || !names::is_inside(&inner) {
            return Err(refused(path, &format!("{name:?} is nested too deeply")));
        }
        let inner = names.path(&inner);
        let broken = |error: &std::io::Error| archive_reader::broken(path, error);
        builder.add_stream(&inner, size, source, broken, job)?;
        job.step();
        Ok(On::Go)
    })?;
    let paths = builder.files().iter().map(|file| file.path.as_str());
    let dashboards = third_party::contents(builder.folder(), paths).dashboards.len();
    if dashboards > 0 {
        builder.finish_foreign()?;
    }
    Ok(Taken { dashboards, hidden })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shared_folders_as_far_as_a_hidden_one_are_left_out() {
        assert_eq!(common_folders("home/ann/.out/folders/", "home/ann/.out/dashboards/a/"), "home/ann/.out/");
        assert_eq!(common_folders("a/b/", "ab/b/"), "");
        assert_eq!(hidden_folders("home/ann/.out/grafana/"), "home/ann/.out/");
        assert_eq!(hidden_folders("home/ann/out/"), "");
        assert_eq!(hidden_folders(""), "");
    }
}
