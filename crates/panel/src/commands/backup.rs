//! The commands about backups and restores.

use std::{collections::BTreeMap, sync::Arc};

use aether_clients::grafana::SearchHit;
use aether_contract::*;

use crate::Panel;
use aether_backup::{
    archive::{export, import},
    compare, git, prune,
    reader::{BackupReader, StoredDashboard},
    remote,
    restore::{self, data, runs, target, undo},
    store::{Cache, Store},
    verify,
};
use aether_foundation::{clock, diff::unified, task::blocking};

/// Most dashboards that a search over all backups gives.
const MAX_FOUND: usize = 500;

impl Panel {
    fn store(&self) -> Store {
        Store::of(&self.caps.ctx.live().profile, &self.caps.ctx.home.data)
    }

    /// The backups of the stack.
    ///
    /// # Errors
    /// `storage`.
    pub async fn backup_list(&self, _request: Empty) -> Result<BackupList, PanelError> {
        self.caps.backups.read_backups(&self.caps.ctx.live()).await
    }

    /// Makes a backup.
    ///
    /// # Errors
    /// As [`aether_backup::create::create`].
    pub async fn backup_create(&self, request: BackupCreateRequest) -> Result<Backup, PanelError> {
        self.effect(aether_backup::create::create(Arc::clone(&self.caps.backups), request)).await
    }

    /// Opens a backup.
    ///
    /// # Errors
    /// `not-found`, `storage`.
    pub async fn backup_show(&self, request: BackupRequest) -> Result<BackupDetail, PanelError> {
        let store = self.store();
        blocking(move || {
            let opened = BackupReader::open(&store, &request.id)?;
            let entry = store.entry(&request.id.0, &mut Cache::default());
            let listed = entry.ok().flatten().ok_or_else(|| {
                let words = format!("Invalid backup name: {}.", request.id.0);
                PanelError::new(ErrorCode::NotFound, "backups", words)
            })?;
            Ok(opened.detail(listed))
        })
        .await
    }

    /// A file of a backup.
    ///
    /// # Errors
    /// `not-found`, `storage`.
    pub async fn backup_file(&self, request: BackupFileRequest) -> Result<BackupFile, PanelError> {
        let store = self.store();
        blocking(move || BackupReader::open(&store, &request.id)?.file(&request.path)).await
    }

    /// Holds a backup against its hashes.
    ///
    /// # Errors
    /// As [`verify::command`].
    pub async fn backup_verify(&self, request: BackupVerifyRequest) -> Result<BackupVerified, PanelError> {
        self.effect(verify::command(Arc::clone(&self.caps.backups), request.id, request.sample)).await
    }

    /// Writes a backup into an archive.
    ///
    /// # Errors
    /// As [`export::command`].
    pub async fn backup_export(&self, request: BackupExportRequest) -> Result<BackupExported, PanelError> {
        self.effect(export::command(Arc::clone(&self.caps.backups), request)).await
    }

    /// Takes an archive in.
    ///
    /// # Errors
    /// As [`import::command`].
    pub async fn backup_import(&self, request: BackupImportRequest) -> Result<Backup, PanelError> {
        self.effect(import::command(Arc::clone(&self.caps.backups), request)).await
    }

    /// Copies a backup elsewhere.
    ///
    /// # Errors
    /// As [`remote::push`].
    pub async fn backup_push(&self, request: BackupPushRequest) -> Result<BackupPushed, PanelError> {
        self.effect(remote::push(Arc::clone(&self.caps.backups), request.id, request.place)).await
    }

    /// What lies elsewhere.
    ///
    /// # Errors
    /// None: a place that fails says so in the answer.
    pub async fn backup_remote(&self, _request: Empty) -> Result<RemoteList, PanelError> {
        Ok(remote::list(&self.caps.backups, &self.caps.ctx.live()).await)
    }

    /// Reads a copy back.
    ///
    /// # Errors
    /// As [`remote::verify`].
    pub async fn backup_remote_verify(
        &self,
        request: BackupRemoteVerifyRequest,
    ) -> Result<BackupVerified, PanelError> {
        let BackupRemoteVerifyRequest { id, place, sample } = request;
        self.effect(remote::verify(Arc::clone(&self.caps.backups), id, place, sample)).await
    }

    /// Fetches a copy back.
    ///
    /// # Errors
    /// As [`remote::fetch`].
    pub async fn backup_fetch(&self, request: BackupFetchRequest) -> Result<Backup, PanelError> {
        self.effect(remote::fetch(Arc::clone(&self.caps.backups), request)).await
    }

    /// What a policy would delete elsewhere.
    ///
    /// # Errors
    /// The place's.
    pub async fn backup_remote_prune_plan(
        &self,
        request: RemotePruneRequest,
    ) -> Result<PrunePlan, PanelError> {
        let place = remote::one_place(&self.caps.backups, &self.caps.ctx.live(), &request.place).await?;
        Ok(prune::plan(&place.backups, request.policy, clock::now(), &jiff::tz::TimeZone::system()))
    }

    /// Deletes copies elsewhere.
    ///
    /// # Errors
    /// As [`remote::delete`].
    pub async fn backup_remote_delete(
        &self,
        request: BackupRemoteDeleteRequest,
    ) -> Result<BackupDeleted, PanelError> {
        self.effect(remote::delete(Arc::clone(&self.caps.backups), request.place, request.ids)).await
    }

    /// The archives in the download folder.
    ///
    /// # Errors
    /// `storage`.
    pub async fn backup_archives(&self, _request: Empty) -> Result<BackupArchives, PanelError> {
        let folder = self.caps.ctx.home.downloads.clone();
        blocking(move || {
            let archives = import::archives(&folder)?;
            Ok(BackupArchives { folder: folder.display().to_string(), archives })
        })
        .await
    }

    /// Keeps a backup whatever the pruning says.
    ///
    /// # Errors
    /// `not-found`, `storage`.
    pub async fn backup_pin(&self, request: BackupPinRequest) -> Result<BackupList, PanelError> {
        let store = self.store();
        blocking(move || {
            store.has(&request.id)?;
            let mut notes = store.notes(&request.id.0);
            notes.pinned = request.pinned;
            store.set_notes(&request.id.0, &notes)
        })
        .await?;
        self.caps.backups.read_backups(&self.caps.ctx.live()).await
    }

    /// Which backups have a dashboard.
    ///
    /// # Errors
    /// `invalid-request` without words; `storage`.
    pub async fn backup_find(&self, request: BackupFindRequest) -> Result<BackupMatches, PanelError> {
        let words: Vec<String> = request.query.split_whitespace().map(str::to_lowercase).collect();
        if words.is_empty() {
            return Err(PanelError::new(
                ErrorCode::InvalidRequest,
                "backups",
                "Specify a dashboard by words of its title, or by its UID.",
            ));
        }
        let list = self.caps.backups.read_backups(&self.caps.ctx.live()).await?;
        let store = self.store();
        blocking(move || {
            let mut found = Vec::new();
            let mut more = false;
            for backup in list.backups {
                // A backup that cannot be opened is listed with the reason.
                let Ok(opened) = BackupReader::open(&store, &backup.id) else { continue };
                for about in opened.dashboard_summaries() {
                    let text = format!("{} {}", about.title, about.uid).to_lowercase();
                    if words.iter().all(|word| text.contains(word)) {
                        if found.len() >= MAX_FOUND {
                            more = true;
                            break;
                        }
                        let (id, made_at) = (backup.id.clone(), backup.made_at);
                        found.push(BackupMatch { backup: id, made_at, dashboard: about });
                    }
                }
            }
            Ok(BackupMatches { found, more })
        })
        .await
    }

    /// How a backup differs from another, or from Grafana now.
    ///
    /// # Errors
    /// `not-found`, `storage`; Grafana's codes.
    pub async fn backup_compare(
        &self,
        request: BackupCompareRequest,
    ) -> Result<BackupComparison, PanelError> {
        let from = self.sides(request.from.clone()).await?;
        let mut comparison = BackupComparison {
            from: request.from,
            to: request.to.clone(),
            dashboards: Vec::new(),
            same: 0,
            unread: Vec::new(),
        };
        let to: Sides = match request.to {
            Some(id) => self.sides(id).await?,
            None => self.live_sides().await?,
        };
        blocking(move || {
            for (uid, side) in &from {
                if let Err(why) = &side.dashboard {
                    comparison.unread.push(format!("{}: {why}", side.title));
                    continue;
                }
                let other = to.get(uid);
                if let Some(Err(why)) = other.map(|other| &other.dashboard) {
                    comparison.unread.push(format!("{}: {why}", side.title));
                    continue;
                }
                let shown = other.unwrap_or(side);
                let after = other.and_then(|other| other.dashboard.as_ref().ok());
                let one = compare::one(uid, &shown.title, &shown.folder, side.dashboard.as_ref().ok(), after);
                if one.change == Change::Same {
                    comparison.same += 1;
                } else {
                    comparison.dashboards.push(one);
                }
            }
            for (uid, side) in to.iter().filter(|(uid, _)| !from.contains_key(*uid)) {
                match &side.dashboard {
                    Ok(value) => {
                        comparison.dashboards.push(compare::one(
                            uid,
                            &side.title,
                            &side.folder,
                            None,
                            Some(value),
                        ));
                    }
                    Err(why) => comparison.unread.push(format!("{}: {why}", side.title)),
                }
            }
            comparison
                .dashboards
                .sort_by(|a, b| (&a.folder, &a.title, &a.uid).cmp(&(&b.folder, &b.title, &b.uid)));
            Ok(comparison)
        })
        .await
    }

    /// The dashboards of a backup, by uid.
    async fn sides(&self, id: BackupId) -> Result<Sides, PanelError> {
        let store = self.store();
        blocking(move || {
            let side = |stored: StoredDashboard| {
                let read = stored.dashboard.as_ref().map(|raw| serde_json::from_str(raw.get()));
                let dashboard = match read {
                    Some(Ok(value)) => Ok(value),
                    Some(Err(error)) => Err(error.to_string()),
                    None => Err(stored.about.problem.clone()),
                };
                (stored.about.uid, Side { title: stored.about.title, folder: stored.about.folder, dashboard })
            };
            Ok(BackupReader::open(&store, &id)?.dashboards().into_iter().map(side).collect())
        })
        .await
    }

    /// Grafana's dashboards now, by uid.
    async fn live_sides(&self) -> Result<Sides, PanelError> {
        let live = self.caps.ctx.live();
        let client = live.clients.grafana().await?;
        let all = target::all(&client).await?;
        let side = |(hit, live): (SearchHit, Result<target::LiveDashboard, String>)| {
            // Of the root Grafana says "General" in some versions.
            let folder = Some(hit.folder_title).filter(|_| !hit.folder_uid.is_empty());
            let side = Side {
                title: hit.title,
                folder: folder.filter(|title| !title.is_empty()).into_iter().collect(),
                dashboard: live.map(|live| live.value),
            };
            (hit.uid, side)
        };
        Ok(all.into_iter().map(side).collect())
    }

    /// How the JSON of one dashboard differs, line by line.
    ///
    /// # Errors
    /// `not-found` when neither side has it; `storage`; Grafana's codes.
    pub async fn backup_diff(&self, request: BackupDiffRequest) -> Result<TextDiff, PanelError> {
        let before = self.one_side(request.from, &request.uid).await?;
        let after = match request.to {
            Some(id) => self.one_side(id, &request.uid).await?,
            None => {
                let client = self.caps.ctx.live().clients.grafana().await?;
                target::one(&client, &request.uid).await?.map(|live| live.value)
            }
        };
        if before.is_none() && after.is_none() {
            let words = format!("Neither side has a dashboard with UID {:?}.", request.uid);
            return Err(PanelError::new(ErrorCode::NotFound, "backups", words));
        }
        blocking(move || {
            // The keys stand in the order of the alphabet on both sides.
            let text = |value: Option<serde_json::Value>| {
                value.map(|value| format!("{value:#}\n")).unwrap_or_default()
            };
            Ok(TextDiff { text: unified(&text(before), &text(after)) })
        })
        .await
    }

    /// A dashboard of a backup; none when that has no such one.
    async fn one_side(&self, id: BackupId, uid: &str) -> Result<Option<serde_json::Value>, PanelError> {
        match self.sides(id).await?.remove(uid).map(|side| side.dashboard) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(why)) => Err(PanelError::new(ErrorCode::Storage, "backups", format!("{uid}: {why}."))),
        }
    }

    /// Commits a backup whose folder is in a Git work tree.
    ///
    /// # Errors
    /// `not-found`; `invalid-request` when it is in no work tree, ignored there, or committed already;
    /// `storage` with Git's words.
    pub async fn backup_commit(&self, request: BackupRequest) -> Result<BackupCommitted, PanelError> {
        self.effect(git::commit(Arc::clone(&self.caps.backups), request.id)).await
    }

    /// What a policy would delete.
    ///
    /// # Errors
    /// `storage`.
    pub async fn backup_prune_plan(&self, policy: PrunePolicy) -> Result<PrunePlan, PanelError> {
        let list = self.caps.backups.read_backups(&self.caps.ctx.live()).await?;
        Ok(prune::plan(&list.backups, policy, clock::now(), &jiff::tz::TimeZone::system()))
    }

    /// Deletes backups.
    ///
    /// # Errors
    /// As [`prune::delete`].
    pub async fn backup_delete(&self, request: BackupDeleteRequest) -> Result<BackupDeleted, PanelError> {
        self.effect(prune::delete(Arc::clone(&self.caps.backups), request.ids)).await
    }

    /// What a restore would do.
    ///
    /// # Errors
    /// As [`restore::plan`].
    pub async fn restore_plan(&self, request: RestoreRequest) -> Result<RestorePlan, PanelError> {
        restore::plan(&self.caps.backups, &request).await
    }

    /// Carries a restore out.
    ///
    /// # Errors
    /// As [`restore::apply`].
    pub async fn restore_apply(&self, request: RestoreApplyRequest) -> Result<RestoreRun, PanelError> {
        self.effect(restore::apply(Arc::clone(&self.caps.backups), request)).await
    }

    /// Restores that were.
    ///
    /// # Errors
    /// `storage`.
    pub async fn restore_runs(&self, _request: Empty) -> Result<RestoreRuns, PanelError> {
        let (ctx, store) = (Arc::clone(&self.caps.ctx), self.store());
        let stack = ctx.live().profile.name.clone();
        blocking(move || {
            // Other work on the backups is no restore; what another process does can't be told apart.
            let busy = match ctx.jobs.shown() {
                Some(job) => job.title.starts_with(runs::WORK),
                None => store.is_locked(),
            };
            Ok(RestoreRuns { runs: runs::all(&ctx.journal, &store, &stack, busy)? })
        })
        .await
    }

    /// Undoes a restore.
    ///
    /// # Errors
    /// As [`undo::undo`].
    pub async fn restore_undo(&self, request: RestoreUndoRequest) -> Result<RestoreRun, PanelError> {
        self.effect(undo::undo(Arc::clone(&self.caps.backups), request.id)).await
    }

    /// What restoring a backup's TSDB blocks would do, step by step.
    ///
    /// # Errors
    /// As [`data::plan`].
    pub async fn data_restore_plan(&self, request: BackupRequest) -> Result<DataRestorePlan, PanelError> {
        data::plan(&self.caps.backups, &request.id).await
    }

    /// Restores TSDB blocks through Docker.
    ///
    /// # Errors
    /// As [`data::apply`].
    pub async fn data_restore_apply(&self, request: DataRestoreRequest) -> Result<DataCheck, PanelError> {
        self.effect(Box::pin(data::apply(Arc::clone(&self.caps.backups), request))).await
    }

    /// Whether Prometheus answers with the samples of a backup's TSDB blocks.
    ///
    /// # Errors
    /// As [`data::check`].
    pub async fn data_restore_check(&self, request: BackupRequest) -> Result<DataCheck, PanelError> {
        data::check(&self.caps.backups, &request.id).await
    }

    /// Ends work that is going on.
    ///
    /// # Errors
    /// `not-found` when it is over.
    #[allow(clippy::unused_async, reason = "every command has the same shape")]
    pub async fn job_cancel(&self, request: JobCancelRequest) -> Result<Empty, PanelError> {
        self.caps.ctx.jobs.cancel(request.id)?;
        self.caps.ctx.changed.notify_one();
        Ok(Empty {})
    }
}

/// A dashboard of one side of a comparison.
struct Side {
    title: String,
    folder: Vec<String>,
    dashboard: Result<serde_json::Value, String>,
}

type Sides = BTreeMap<String, Side>;
