//! What every restore has in common before it writes: the plan is still the one that was shown, and what is
//! there is saved.

use std::collections::BTreeMap;

use aether_contract::{BackupId, BackupPart, ErrorCode, PanelError, RestoreAction, RestorePlan};

use crate::{
    Backups,
    build::Builder,
    create,
    manifest::{self, Manifest},
};
use aether_context::session::StackSession;
use aether_foundation::clock;

/// Whether an item is written.
pub fn writes(act: RestoreAction) -> bool {
    matches!(act, RestoreAction::Create | RestoreAction::Update | RestoreAction::Copy)
}

/// Whether a plan may be carried out.
///
/// # Errors
/// `unverified` when it is no longer the one that was shown; `invalid-request` while something is undecided,
/// or when there is nothing to do.
pub fn may_apply(plan: &RestorePlan, digest: &str) -> Result<(), PanelError> {
    let refuse =
        |code, words: String, hint: &str| Err(PanelError::new(code, "backups", words).with_hint(hint));
    if plan.digest != digest {
        return refuse(
            ErrorCode::Unverified,
            "Grafana, the backup or the choices changed since this plan was created. Nothing was written."
                .into(),
            "Review the new plan.",
        );
    }
    if plan.undecided > 0 {
        return refuse(
            ErrorCode::InvalidRequest,
            format!("Unresolved conflicts: {}. Nothing was written.", plan.undecided),
            "For each, select one of the listed choices.",
        );
    }
    if plan.writes == 0 {
        return refuse(
            ErrorCode::InvalidRequest,
            "Nothing to restore.".into(),
            "Every selected item is identical, kept, or cannot be restored.",
        );
    }
    Ok(())
}

/// Closes the copy of what a restore takes the place of.
///
/// # Errors
/// `storage`.
pub async fn seal(
    backups: &Backups,
    stack: &StackSession,
    builder: Builder,
    plan: &RestorePlan,
    by: &str,
    part: BackupPart,
) -> Result<BackupId, PanelError> {
    let now = clock::now();
    let id = builder.id().clone();
    let server = create::server(part.kind).to_owned();
    let versions = if plan.target_version.is_empty() {
        BTreeMap::new()
    } else {
        [(server.clone(), plan.target_version.clone())].into()
    };
    let manifest = Manifest {
        schema: manifest::SCHEMA,
        id: id.0.clone(),
        stack: stack.profile.name.clone(),
        made_at: now,
        finished_at: now,
        reason: format!("Before restoring from {}", plan.id.0),
        created_by: by.to_owned(),
        panel: env!("CARGO_PKG_VERSION").to_owned(),
        safety: true,
        versions,
        addresses: [(server, plan.target.clone())].into(),
        pins: BTreeMap::new(),
        parts: vec![part],
        files: Vec::new(),
    };
    create::finish(builder, manifest).await?;
    backups.ctx.changed.notify_one();
    Ok(id)
}
