//! The commands about maintenance windows, schedules and silences.

use aether_context::freshness;
use std::sync::Arc;

use aether_contract::*;

use crate::Panel;
use aether_alerting::{
    alerts, maintenance,
    maintenance::{quiet, silences},
};
use aether_foundation::{clock, paths, task::blocking};
use aether_operations::drill;

/// A week, for what has fired lately.
const WEEK_MS: i64 = 7 * 86_400_000;

impl Panel {
    /// What a maintenance window would do.
    ///
    /// # Errors
    /// `invalid-request`.
    pub async fn maintenance_preview(
        &self,
        request: MaintenanceRequest,
    ) -> Result<MaintenancePreview, PanelError> {
        let max_s = self.caps.ctx.settings.get().max_window_minutes.saturating_mul(60);
        let (live, now) = (self.caps.ctx.live(), clock::now());
        let (history, stack) = (Arc::clone(&self.caps.history), live.profile.name.clone());
        let fired = blocking(move || history.counted(&stack, now.plus_millis(-WEEK_MS), now)).await?;
        let state = live.state();
        maintenance::preview::preview(&request, &live.profile, &state, max_s, now, &fired)
    }

    /// Starts a window.
    ///
    /// # Errors
    /// As [`maintenance::start::start`].
    pub async fn maintenance_start(
        &self,
        request: MaintenanceRequest,
    ) -> Result<MaintenanceWindow, PanelError> {
        let window =
            self.effect(maintenance::start::start(Arc::clone(&self.caps.maintenance), request)).await?;
        drill::saw(&self.caps.drills, drill::OperatorAction::muted(&window.matchers)).await;
        Ok(window)
    }

    /// Moves the end of a window.
    ///
    /// # Errors
    /// As [`maintenance::change::extend`].
    pub async fn maintenance_extend(
        &self,
        request: MaintenanceExtendRequest,
    ) -> Result<MaintenanceWindow, PanelError> {
        self.effect(maintenance::change::extend(Arc::clone(&self.caps.maintenance), request)).await
    }

    /// Ends a window or a silence.
    ///
    /// # Errors
    /// As [`maintenance::change::end`].
    pub async fn maintenance_end(
        &self,
        request: MaintenanceEndRequest,
    ) -> Result<MaintenanceEnded, PanelError> {
        let ended =
            self.effect(maintenance::change::end(Arc::clone(&self.caps.maintenance), request)).await?;
        let (silence, by) = (ended.silence.id.clone(), ended.silence.created_by.clone());
        drill::saw(&self.caps.drills, drill::OperatorAction::Unmuted { silence, by }).await;
        Ok(ended)
    }

    /// What would be heard if windows or silences ended now, by what Alertmanager said last.
    ///
    /// # Errors
    /// `not-found` when one of them is not there any more.
    #[allow(clippy::unused_async, reason = "every command has the same shape")]
    pub async fn maintenance_end_preview(
        &self,
        request: MaintenanceEndPreviewRequest,
    ) -> Result<MaintenanceEndPreview, PanelError> {
        let live = self.caps.ctx.live();
        let state = live.state();
        let (freshness, _) = freshness::alerts_freshness(&self.caps.ctx, &state);
        let current = silences::current(&state, clock::now());
        let meant = quiet::meant(&request.ids, &current).ok_or_else(|| {
            let words = "This window or silence has already ended.";
            PanelError::new(ErrorCode::NotFound, "maintenance", words)
        })?;
        let at = match freshness {
            Freshness::Fresh { at } | Freshness::Stale { at, .. } => Some(at),
            _ => None,
        };
        Ok(quiet::end_preview(&meant, &state.index.rows, at))
    }

    /// Gives a window back to the members that have lost it.
    ///
    /// # Errors
    /// As [`maintenance::repair::repair`].
    pub async fn maintenance_repair(
        &self,
        request: MaintenanceRepairRequest,
    ) -> Result<MaintenanceWindow, PanelError> {
        self.effect(maintenance::repair::repair(Arc::clone(&self.caps.maintenance), request)).await
    }

    /// What a window hid and what comes after it.
    ///
    /// # Errors
    /// `not-found`, `invalid-request` for one that has not begun, `storage`.
    pub async fn maintenance_closeout(&self, request: CloseOutRequest) -> Result<CloseOut, PanelError> {
        self.effect(maintenance::closeout::closeout(Arc::clone(&self.caps.maintenance), request.id)).await
    }

    /// A page of windows that were.
    ///
    /// # Errors
    /// `storage`.
    pub async fn maintenance_history(
        &self,
        request: MaintenanceHistoryRequest,
    ) -> Result<MaintenanceHistoryPage, PanelError> {
        let (rows, total) = maintenance::past_windows::page(self.past_windows().await?, &request);
        Ok(MaintenanceHistoryPage { rows, total })
    }

    /// Writes the history of windows into a file.
    ///
    /// # Errors
    /// `storage`.
    pub async fn maintenance_export(
        &self,
        request: MaintenanceExportRequest,
    ) -> Result<Exported, PanelError> {
        let windows = self.past_windows().await?;
        let ctx = Arc::clone(&self.caps.ctx);
        blocking(move || {
            let folder = &ctx.home.downloads;
            let failed = |error: std::io::Error| paths::storage("write into", folder, &error);
            let bytes = maintenance::past_windows::export(&windows, request.format).map_err(failed)?;
            let rows = u32::try_from(windows.len()).unwrap_or(u32::MAX);
            alerts::export::put(folder, "maintenance", request.format, rows, &bytes, clock::now())
        })
        .await
    }

    async fn past_windows(&self) -> Result<Vec<PastWindow>, PanelError> {
        let stack = self.caps.ctx.live().profile.name.clone();
        let read = move |journal: &aether_context::journal::Journal| {
            Ok(maintenance::past_windows::all(
                maintenance::past_windows::Entries::read(journal)?,
                Some(&stack),
                clock::now(),
            ))
        };
        self.caps.ctx.journaled(read).await
    }

    /// The recurring windows of the stack.
    ///
    /// # Errors
    /// `storage`.
    pub async fn schedule_list(&self, _request: Empty) -> Result<ScheduleList, PanelError> {
        maintenance::schedule::list(&self.caps.maintenance, &self.caps.ctx.live()).await
    }

    /// Keeps a recurring window.
    ///
    /// # Errors
    /// As [`maintenance::schedule::save`].
    pub async fn schedule_save(&self, request: ScheduleSaveRequest) -> Result<ScheduleList, PanelError> {
        self.effect(maintenance::schedule::save(Arc::clone(&self.caps.maintenance), request)).await
    }

    /// Forgets a recurring window.
    ///
    /// # Errors
    /// As [`maintenance::schedule::delete`].
    pub async fn schedule_delete(&self, request: ScheduleDeleteRequest) -> Result<ScheduleList, PanelError> {
        self.effect(maintenance::schedule::delete(Arc::clone(&self.caps.maintenance), request)).await
    }

    /// The next dates of a cron expression.
    ///
    /// # Errors
    /// `invalid-request`.
    #[allow(clippy::unused_async, reason = "every command has the same shape")]
    pub async fn schedule_preview(
        &self,
        request: SchedulePreviewRequest,
    ) -> Result<SchedulePreview, PanelError> {
        maintenance::schedule::preview(&request, clock::now())
    }

    /// A page of silences.
    ///
    /// # Errors
    /// None.
    #[allow(clippy::unused_async, reason = "every command has the same shape")]
    pub async fn silences_page(&self, request: SilencesRequest) -> Result<SilencesPage, PanelError> {
        let live = self.caps.ctx.live();
        let state = live.state();
        let all = maintenance::silences::all(&state, clock::now());
        let (rows, total) = maintenance::silences::page(&all, &request);
        Ok(SilencesPage { rows, total, freshness: freshness::alerts_freshness(&self.caps.ctx, &state).0 })
    }
}
