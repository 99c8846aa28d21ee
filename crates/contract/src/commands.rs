//! Every command, once: its name, request and reply. Adapters and the UI's client are generated from this list.

use crate::*;

wire! {
    /// A request without content.
    #[derive(Default, Copy, Eq)]
    pub struct Empty {}
}

wire! {
    /// Asks to open a page in the browser. Only http and https are opened.
    pub struct OpenLinkRequest {
        /// The address.
        pub url: String,
    }
}

/// Calls `$callback!` with every command as `name(Request) -> Reply;`. Each is a method of the same name on
/// `aether_panel::Panel`: `async fn name(&self, request: Request) -> Result<Reply, PanelError>`.
#[macro_export]
macro_rules! for_each_command {
    ($callback:path) => {
        $callback! {
            /// The whole snapshot.
            snapshot(Empty) -> Snapshot;
            /// Polls every server now; the answers arrive as deltas.
            refresh(Empty) -> Empty;
            /// A gauge's history as a figure.
            gauge_figure(GaugeFigureRequest) -> GaugeFigure;
            /// A gauge's per-tenant split, a page at a time.
            gauge_tenants(GaugeTenantsRequest) -> GaugeTenantsPage;
            /// A page of alerts.
            alerts_page(AlertsRequest) -> AlertsPage;
            /// One alert in full: its rule, its value over time, past silences.
            alert_detail(AlertDetailRequest) -> AlertDetail;
            /// Writes the alerts that match into a file.
            alerts_export(AlertsExportRequest) -> Exported;
            /// Says that somebody is on an alert; answers with its row.
            alert_acknowledge(AlertAckRequest) -> AlertRow;
            /// What has fired: episodes, the most frequent, timelines.
            alert_history(AlertHistoryRequest) -> AlertHistoryPage;
            /// What a maintenance window would do.
            maintenance_preview(MaintenanceRequest) -> MaintenancePreview;
            /// Starts a maintenance window; answers when it has been read back from every member.
            maintenance_start(MaintenanceRequest) -> MaintenanceWindow;
            /// Moves the end of a window.
            maintenance_extend(MaintenanceExtendRequest) -> MaintenanceWindow;
            /// Gives a window back to the members that have lost it.
            maintenance_repair(MaintenanceRepairRequest) -> MaintenanceWindow;
            /// Ends a window or a silence now.
            maintenance_end(MaintenanceEndRequest) -> MaintenanceEnded;
            maintenance_end_preview(MaintenanceEndPreviewRequest) -> MaintenanceEndPreview;
            /// What a window hid and what comes after it; of one that is on, as if it ended now.
            maintenance_closeout(CloseOutRequest) -> CloseOut;
            /// A page of windows that were.
            maintenance_history(MaintenanceHistoryRequest) -> MaintenanceHistoryPage;
            /// Writes the history of windows into a file.
            maintenance_export(MaintenanceExportRequest) -> Exported;
            /// The recurring windows of the stack.
            schedule_list(Empty) -> ScheduleList;
            /// Keeps a recurring window and makes its next occurrences.
            schedule_save(ScheduleSaveRequest) -> ScheduleList;
            /// Forgets a recurring window and takes its future occurrences back.
            schedule_delete(ScheduleDeleteRequest) -> ScheduleList;
            /// The next dates of a cron expression.
            schedule_preview(SchedulePreviewRequest) -> SchedulePreview;
            /// A page of silences, active and past.
            silences_page(SilencesRequest) -> SilencesPage;
            /// The backups of the stack.
            backup_list(Empty) -> BackupList;
            /// Makes a backup; answers when it is whole on the disk.
            backup_create(BackupCreateRequest) -> Backup;
            /// Opens a backup.
            backup_show(BackupRequest) -> BackupDetail;
            /// A file of a backup.
            backup_file(BackupFileRequest) -> BackupFile;
            /// Holds a backup against its hashes.
            backup_verify(BackupVerifyRequest) -> BackupVerified;
            /// Writes a backup into an archive.
            backup_export(BackupExportRequest) -> BackupExported;
            /// Takes an archive in.
            backup_import(BackupImportRequest) -> Backup;
            /// Copies a backup elsewhere; answers when all of it is there.
            backup_push(BackupPushRequest) -> BackupPushed;
            /// What lies elsewhere.
            backup_remote(Empty) -> RemoteList;
            /// Reads a copy back and holds it against its hashes.
            backup_remote_verify(BackupRemoteVerifyRequest) -> BackupVerified;
            /// Fetches a copy back.
            backup_fetch(BackupFetchRequest) -> Backup;
            /// What a policy would delete elsewhere.
            backup_remote_prune_plan(RemotePruneRequest) -> PrunePlan;
            /// Deletes copies elsewhere.
            backup_remote_delete(BackupRemoteDeleteRequest) -> BackupDeleted;
            /// Archives that may be taken in.
            backup_archives(Empty) -> BackupArchives;
            /// Keeps a backup whatever the pruning says, or no longer.
            backup_pin(BackupPinRequest) -> BackupList;
            /// Which backups have a dashboard.
            backup_find(BackupFindRequest) -> BackupMatches;
            /// How a backup differs from another, or from what Grafana has now.
            backup_compare(BackupCompareRequest) -> BackupComparison;
            /// How the JSON of one dashboard differs, line by line.
            backup_diff(BackupDiffRequest) -> TextDiff;
            /// Commits a backup whose folder lies in a work tree of Git.
            backup_commit(BackupRequest) -> BackupCommitted;
            /// What a policy would delete.
            backup_prune_plan(PrunePolicy) -> PrunePlan;
            /// Deletes backups.
            backup_delete(BackupDeleteRequest) -> BackupDeleted;
            /// What a restore would do.
            restore_plan(RestoreRequest) -> RestorePlan;
            /// Carries a restore out.
            restore_apply(RestoreApplyRequest) -> RestoreRun;
            /// Restores that were.
            restore_runs(Empty) -> RestoreRuns;
            /// Undoes a restore.
            restore_undo(RestoreUndoRequest) -> RestoreRun;
            /// What restoring a backup's TSDB blocks would do, step by step.
            data_restore_plan(BackupRequest) -> DataRestorePlan;
            /// Restores TSDB blocks through Docker; answers when Prometheus answers with their samples.
            data_restore_apply(DataRestoreRequest) -> DataCheck;
            /// Whether Prometheus answers with the samples of a backup's TSDB blocks.
            data_restore_check(BackupRequest) -> DataCheck;
            /// Begins a guided deploy.
            deploy_start(DeployStartRequest) -> DeployRun;
            /// Does a step of a deploy, or skips it.
            deploy_step(DeployStepRequest) -> DeployRun;
            /// Gives a deploy up.
            deploy_abandon(DeployAbandonRequest) -> DeployRun;
            /// Deploys of the stack.
            deploy_runs(Empty) -> DeployRuns;
            /// Every rule of the server, against what is expected.
            rules_list(Empty) -> RulesReport;
            /// One rule: its sides and its value over time.
            rule_detail(RuleDetailRequest) -> RuleDetail;
            /// What changing rules in the pack's files would do.
            rules_plan(RulesChange) -> RulesPlan;
            /// Changes rules in the pack's files, and has the server run them.
            rules_apply(RulesApplyRequest) -> RulesApplied;
            /// Has Prometheus read its files again.
            rules_reload(Empty) -> RulesApplied;
            /// Asks the runbook links of alerts over the network.
            rules_links(RuleLinksRequest) -> RuleLinks;
            /// Every version pin with its chain, looked at now.
            pins_show(Empty) -> PinsReport;
            /// Changes of the chains that were noticed.
            pins_history(PinsHistoryRequest) -> PinsHistory;
            /// What another version of a service would change in the files.
            pins_plan(PinUpdateChange) -> PinUpdatePlan;
            /// Changes the files. Nothing is pulled or started.
            pins_apply(PinUpdateRequest) -> PinUpdateResult;
            /// Runs a suite of checks; each shows in the snapshot as it ends.
            check_run(CheckRequest) -> CheckRun;
            /// Ends the run of checks that is going on.
            check_cancel(Empty) -> Empty;
            /// Runs of checks that were.
            check_runs(Empty) -> CheckRuns;
            /// A run of checks as text.
            check_export(CheckExportRequest) -> CheckExport;
            /// Every runbook and document.
            runbook_list(Empty) -> RunbookList;
            /// A runbook, filled in for an alert.
            runbook_open(RunbookOpenRequest) -> RunbookView;
            /// Searches all runbooks and documents.
            runbook_search(RunbookSearchRequest) -> RunbookHits;
            /// Begins a run of a runbook, or takes one up again.
            runbook_start(RunbookStartRequest) -> RunbookRun;
            /// Asks a step of a run.
            runbook_step(RunbookStepRequest) -> RunbookStepResult;
            /// Ends the questions of a run that are on their way.
            runbook_cancel(RunbookRunRequest) -> Empty;
            /// Keeps the notes of a run, and closes it if asked to.
            runbook_note(RunbookNoteRequest) -> RunbookRun;
            /// Runs that were.
            runbook_runs(Empty) -> RunbookRuns;
            /// Writes a run as a post-mortem draft, with series and plots.
            runbook_export(RunbookRunRequest) -> RunbookExported;
            /// Drills that can be chosen, and those that were.
            drill_list(Empty) -> DrillList;
            /// Begins a drill in the demo stack.
            drill_start(DrillStartRequest) -> DrillRun;
            /// Says that the incident of the drill was seen.
            drill_notice(Empty) -> Empty;
            /// Does as if something were done outside of the panel.
            drill_operate(DrillOperateRequest) -> DrillOperationResult;
            /// Ends the drill that goes on, and puts the demo stack back.
            drill_end(Empty) -> DrillRun;
            /// A drill as a report.
            drill_report(DrillRequest) -> DrillReport;
            /// The training checklist, and who is how far.
            training_board(Empty) -> TrainingBoard;
            /// Says that a task of the checklist was done, or takes that back.
            training_mark(TrainingMarkRequest) -> TrainingBoard;
            /// Puts a person on the list, or takes them off it.
            training_person(TrainingPersonRequest) -> TrainingBoard;
            /// Targets against now, and how much of the time they were kept.
            slo_status(SloRequest) -> SloReport;
            /// Says that somebody was called, or takes that back.
            escalation_mark(EscalationMarkRequest) -> EscalationClock;
            /// Opens a mail or a chat, filled in; nothing is sent.
            escalation_contact(EscalationContactRequest) -> Empty;
            /// Ends work that is going on.
            job_cancel(JobCancelRequest) -> Empty;
            /// All stacks.
            stack_list(Empty) -> StackList;
            /// Selects a stack.
            stack_select(StackName) -> StackList;
            /// One stack's profile.
            stack_detail(StackName) -> StackDetail;
            /// Creates or changes a stack's file.
            stack_save(StackSaveRequest) -> StackDetail;
            /// Tries an endpoint.
            endpoint_test(EndpointTestRequest) -> EndpointTestReport;
            /// Looks for services on the usual loopback ports.
            discover(Empty) -> DiscoverReport;
            /// Which credentials are configured.
            secret_status(Empty) -> SecretsStatus;
            /// Stores a credential.
            secret_set(SecretSetRequest) -> SecretsStatus;
            /// Deletes a credential.
            secret_delete(SecretDeleteRequest) -> SecretsStatus;
            /// Lets a credential be sent to one more server of the profile.
            secret_trust(SecretTrustRequest) -> SecretsStatus;
            /// Settings.
            settings_get(Empty) -> Settings;
            /// Changes the settings.
            settings_set(Settings) -> Settings;
            /// Facts about this installation.
            about(Empty) -> About;
            /// Opens a page in the browser.
            open_link(OpenLinkRequest) -> Empty;
        }
    };
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident($request:ty) -> $reply:ty;)*) => {
        /// Names of all commands.
        pub const COMMANDS: &[&str] = &[$(stringify!($name)),*];

        /// One a command, for the generator of the TypeScript client.
        pub struct CommandTypes {
            /// Command name.
            pub name: &'static str,
            /// TypeScript name of the request.
            pub request: String,
            /// TypeScript name of the reply.
            pub reply: String,
        }

        /// Names and TypeScript types of all commands.
        pub fn command_types(config: &ts_rs::Config) -> Vec<CommandTypes> {
            vec![$(CommandTypes {
                name: stringify!($name),
                request: <$request as ts_rs::TS>::name(config),
                reply: <$reply as ts_rs::TS>::name(config),
            }),*]
        }

        /// Writes every type that a command or an event uses into `config`'s folder.
        ///
        /// # Errors
        /// When a file can't be written.
        pub fn export_types(config: &ts_rs::Config) -> Result<(), ts_rs::ExportError> {
            $(
                <$request as ts_rs::TS>::export_all(config)?;
                <$reply as ts_rs::TS>::export_all(config)?;
            )*
            <PanelEvent as ts_rs::TS>::export_all(config)?;
            <PanelError as ts_rs::TS>::export_all(config)
        }
    };
}
for_each_command!(tables);
