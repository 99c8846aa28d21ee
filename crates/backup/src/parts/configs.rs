//! The files of the monitoring pack, as they are on the disk.

use aether_contract::{BackupPartKind, PanelError};

use super::Draft;
use crate::build::Builder;
use aether_context::jobs::Handle;
use aether_foundation::{names, stack::Pack};
use aether_rules::configs::pack;

/// Saves them.
///
/// # Errors
/// Only such as end the whole backup.
pub fn save(files: &Pack, builder: &mut Builder, job: &Handle) -> Result<Draft, PanelError> {
    let Some(dir) = &files.dir else {
        return Ok(Draft::skipped(
            BackupPartKind::Configs,
            "files",
            "The location of the configuration files is not set. Set [pack] dir in the profile.",
        ));
    };
    let mut draft = Draft::new(BackupPartKind::Configs, "files");
    job.stage("configuration files", files.files.len());
    for file in &files.files {
        job.check()?;
        let path = format!("configs/{}", file.replace('\\', "/"));
        if names::is_relative(&path) && path.split('/').any(|segment| segment.starts_with('.')) {
            draft.note(format!(
                "{file} was skipped: backups contain no hidden files, because files such as .env hold \
                    secrets."
            ));
            job.step();
            continue;
        }
        if let Some(why) = names::refusal(&path) {
            draft.incomplete(format!("Failed to save {file}: {why}."));
            job.step();
            continue;
        }
        match pack::read(dir, file) {
            Ok(bytes) => {
                builder.add(&path, &bytes)?;
                draft.part.count += 1;
            }
            Err(error) => draft.incomplete(format!("Failed to save {file}: {error}.")),
        }
        job.step();
    }
    draft.part.bytes = builder.bytes_below("configs/");
    Ok(draft)
}
