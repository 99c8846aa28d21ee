//! `backup export` and `backup import`.

use std::path::Path;

use aether_contract::{
    ArchiveFormat, BackupExportRequest, BackupId, BackupImportRequest, ErrorCode, PanelError,
};
use aether_panel::{Panel, text::size};

use super::backup_text::{findings, shown};
use crate::{
    args::BackupPacking as Packing,
    human::{count, plain},
    outcome::Outcome,
};

/// Makes a path absolute; the panel has no current directory.
fn whole(path: &Path) -> Result<String, PanelError> {
    let failed = |error: std::io::Error| {
        let words = format!("Cannot resolve the path {}: {error}.", path.display());
        PanelError::new(ErrorCode::InvalidRequest, "aetherctl", words)
    };
    let path = std::path::absolute(path).map_err(failed)?;
    path.into_os_string().into_string().map_err(|path| {
        let words = format!("The path {} is not valid UTF-8.", path.display());
        PanelError::new(ErrorCode::InvalidRequest, "aetherctl", words)
            .with_hint("Use a path that is valid UTF-8.")
    })
}

/// Exports a backup to an archive.
pub async fn export(
    panel: &Panel,
    id: &str,
    to: Option<&Path>,
    format: Packing,
) -> Result<Outcome, PanelError> {
    let format = match format {
        Packing::Gzip => ArchiveFormat::Gzip,
        Packing::Zstd => ArchiveFormat::Zstd,
    };
    let folder = whole(to.unwrap_or(Path::new(".")))?;
    let done =
        panel.backup_export(BackupExportRequest { id: BackupId(id.to_owned()), format, folder }).await?;
    let text = format!(
        "{}\n{}, {}, read back and verified.\n",
        plain(&done.path),
        count(done.files, "file"),
        size(done.bytes)
    );
    Outcome::new(&done, text)
}

/// Imports an archive.
pub async fn import(panel: &Panel, archive: &Path, by: &str) -> Result<Outcome, PanelError> {
    let request = BackupImportRequest { path: whole(archive)?, created_by: by.to_owned() };
    let taken = panel.backup_import(request).await?;
    let mut outcome = Outcome::new(&taken, shown(&taken))?;
    findings(&taken, &mut outcome);
    Ok(outcome)
}
