//! The files of the monitoring pack, as they are on the disk.

use aether_contract::{BackupPartKind, PanelError};

use super::Draft;
use crate::{
    backup::{build::Builder, job::Handle, name, store},
    paths,
    stack::Pack,
};

/// Largest file that is saved, in bytes.
const MAX: u64 = 64 * 1024 * 1024;

/// Saves them.
///
/// # Errors
/// Only such as end the whole backup.
pub fn save(pack: &Pack, builder: &mut Builder, job: &Handle) -> Result<Draft, PanelError> {
    let Some(dir) = &pack.dir else {
        return Ok(Draft::skipped(
            BackupPartKind::Configs,
            "files",
            "The profile does not say where the configuration files are: set [pack] dir.",
        ));
    };
    let mut draft = Draft::new(BackupPartKind::Configs, "files");
    job.stage("configuration files", pack.files.len());
    for file in &pack.files {
        job.check()?;
        // A link is followed here: configurations are often linked from a repository.
        let at = dir.join(file);
        let resolved = std::fs::canonicalize(&at).unwrap_or_else(|_| at.clone());
        let path = format!("configs/{}", file.replace('\\', "/"));
        if name::is_relative(&path) && path.split('/').any(|segment| segment.starts_with('.')) {
            draft.note(format!(
                "{file} was left out: backups contain no hidden files, because files such as .env hold secrets."
            ));
            job.step();
            continue;
        }
        if !name::is_inside(&path) {
            let error =
                std::io::Error::new(std::io::ErrorKind::InvalidInput, "its name leads out of the folder");
            draft.fail(file, &paths::storage("save", &at, &error));
            continue;
        }
        match store::read_limited(&resolved, MAX) {
            Ok(bytes) => {
                builder.add(&path, &bytes)?;
                draft.part.count += 1;
            }
            Err(error) => draft.fail(file, &paths::storage("read", &at, &error)),
        }
        job.step();
    }
    draft.part.bytes = builder.bytes_below("configs/");
    Ok(draft)
}
