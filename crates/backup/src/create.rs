//! Makes a backup: asks every server, says what could not be had, and shows it only when it is whole on the disk.

use aether_foundation::author::{MAX_REASON, author};
use aether_foundation::stack::prometheus_container;
use aether_foundation::text::size;
use std::{collections::BTreeMap, sync::Arc};

use aether_clients::sensitive::MASK;
use aether_contract::{
    Backup, BackupCreateRequest, BackupId, BackupPart, BackupPartKind, BackupPartState, ErrorCode,
    PanelError, Timestamp,
};
use serde_json::json;

use super::{
    build::{Builder, ZSTD},
    layout::{ANNOTATIONS, DASHBOARDS, DATA_SOURCES, PERMISSIONS, PLAYLISTS, PUBLIC_DASHBOARDS, SNAPSHOT},
    manifest::{self, Manifest},
    parts::{self, Draft, NOT_REQUESTED},
    store::Store,
    verify,
};
use crate::Backups;
use aether_context::jobs::Handle;
use aether_context::session::StackSession;
use aether_foundation::{clock, stack::Profile};

/// The journal's word for it.
pub const CREATE: &str = "backup-create";

/// Makes a backup of the stack in force.
///
/// # Errors
/// `invalid-request` without a reason, or while other work is going on; `storage` when it can't be written;
/// `cancelled`. A server that fails is no error: the backup says so.
pub async fn create(backups: Arc<Backups>, request: BackupCreateRequest) -> Result<Backup, PanelError> {
    let (reason, by) = checked(&request.reason, &request.created_by)?;
    let live = backups.ctx.live();
    let job = backups.ctx.jobs.begin("Backup")?;
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let lock = crate::store::locked(&store).await?;
    let id = crate::store::new_id(&store);
    let detail = json!({"stack": live.profile.name, "reason": reason, "by": by, "folder": store.root()});
    let entry = backups.ctx.journal_begin(CREATE, &id.0, detail).await?;
    let made = run(&backups, &live, &store, &id, &request, (&reason, &by), &job).await;
    let (outcome, result) = match &made {
        Ok(manifest) if manifest.complete() => ("complete", json!({"files": manifest.files.len()})),
        Ok(manifest) => ("incomplete", json!({"parts": manifest.parts})),
        Err(error) => ("failed", json!({"error": error})),
    };
    backups.ctx.journal_complete(entry, outcome, result).await?;
    let made = made.map(|_| ());
    // Read back completely: "verified" requires it, even if the caller does not wait.
    let verified = match &made {
        Ok(()) => match verify::all(&backups, &store, &id, 0, &job).await {
            Err(error) if error.code != ErrorCode::Cancelled => Err(error),
            _ => Ok(()),
        },
        Err(_) => Ok(()),
    };
    drop((lock, job));
    let list = backups.read_backups(&live).await?;
    made.and(verified)?;
    list.backups.into_iter().find(|backup| backup.id == id).ok_or_else(|| {
        PanelError::new(
            ErrorCode::Unverified,
            "backups",
            format!("Backup {} was created but does not appear in the list.", id.0),
        )
        .with_hint("Check the backup folder.")
    })
}

async fn run(
    backups: &Backups,
    live: &StackSession,
    store: &Store,
    id: &BackupId,
    request: &BackupCreateRequest,
    (reason, by): (&str, &str),
    job: &Handle,
) -> Result<Manifest, PanelError> {
    let profile = &live.profile;
    let made_at = clock::now();
    let wanted = |kind| request.parts.is_empty() || request.parts.contains(&kind);
    let mut builder = Builder::new(store.root(), id.clone())?.packed(profile.compress);
    let mut drafts = Vec::new();

    drafts.extend(grafana(live, &wanted, &mut builder, job).await?);
    let prometheus = if !wanted(BackupPartKind::Prometheus) {
        Draft::skipped(BackupPartKind::Prometheus, "blocks", NOT_REQUESTED)
    } else {
        match live.clients.prometheus().await {
            Ok(client) => {
                let place = parts::prometheus::Place {
                    named: profile.prometheus_data.clone(),
                    local: profile
                        .prometheus
                        .urls
                        .first()
                        .and_then(|url| url::Url::parse(url).ok())
                        .is_some_and(|url| aether_clients::is_loopback(&url)),
                    container: prometheus_container(profile),
                    required: profile.require_tsdb,
                };
                let (draft, back) = parts::prometheus::save(&client, place, builder, job).await?;
                builder = back;
                draft
            }
            Err(error) => unreachable_part(BackupPartKind::Prometheus, "blocks", &error),
        }
    };
    drafts.push(prometheus);
    drafts.push(if !wanted(BackupPartKind::Alertmanager) {
        Draft::skipped(BackupPartKind::Alertmanager, "silences", NOT_REQUESTED)
    } else if profile.alertmanager.urls.is_empty() {
        Draft::skipped(BackupPartKind::Alertmanager, "silences", "This stack has no Alertmanager.")
    } else {
        alertmanager(live, &mut builder, job).await?
    });
    drafts.push(if wanted(BackupPartKind::Configs) {
        parts::configs::save(&profile.pack, &mut builder, job)?
    } else {
        Draft::skipped(BackupPartKind::Configs, "files", NOT_REQUESTED)
    });
    job.check()?;

    job.stage("writing to the disk", 0);
    let manifest = manifest(profile, id, made_at, (reason, by), &drafts);
    let manifest = finish(builder, manifest).await?;
    backups.ctx.changed.notify_one();
    Ok(manifest)
}

/// Grafana's parts: what is in it, and what belongs to its dashboards beside them.
async fn grafana(
    live: &StackSession,
    wanted: &impl Fn(BackupPartKind) -> bool,
    builder: &mut Builder,
    job: &Handle,
) -> Result<Vec<Draft>, PanelError> {
    let all = [(BackupPartKind::Grafana, "dashboards")].into_iter().chain(parts::extras::PARTS);
    let client = if live.profile.grafana.urls.is_empty() { None } else { Some(live.clients.grafana().await) };
    let mut drafts = Vec::new();
    for (kind, what) in all {
        drafts.push(match &client {
            _ if !wanted(kind) => Draft::skipped(kind, what, NOT_REQUESTED),
            None => Draft::skipped(kind, what, "This stack has no Grafana."),
            Some(Err(error)) => unreachable_part(kind, what, error),
            Some(Ok(client)) if kind == BackupPartKind::Grafana => {
                parts::grafana::save(client, builder, job).await?
            }
            Some(Ok(client)) => parts::extras::save(kind, what, client, builder, job).await?,
        });
    }
    Ok(drafts)
}

/// The first member that answers: they share their silences, and each has its own configuration.
async fn alertmanager(live: &StackSession, builder: &mut Builder, job: &Handle) -> Result<Draft, PanelError> {
    let members = live.profile.alertmanager.urls.len();
    let mut last = None;
    for index in 0..members {
        match live.clients.member(index).await {
            Ok(client) if index + 1 == members || client.status().await.is_ok() => {
                let mut draft = parts::alertmanager::save(&client, builder, job).await?;
                draft.address = live.profile.alertmanager.urls.get(index).cloned();
                return Ok(draft);
            }
            Ok(_) => {}
            Err(error) => last = Some(error),
        }
    }
    let error = last.unwrap_or_else(|| {
        PanelError::new(ErrorCode::Internal, "backups", "No cluster member was contacted.")
    });
    Ok(unreachable_part(BackupPartKind::Alertmanager, "silences", &error))
}

fn unreachable_part(kind: BackupPartKind, what: &str, error: &PanelError) -> Draft {
    let mut draft = Draft::new(kind, what);
    draft.fail("Nothing was saved for this part", error);
    draft
}

fn ended(error: &tokio::task::JoinError) -> PanelError {
    PanelError::new(ErrorCode::Internal, "backups", "The backup was interrupted.")
        .with_detail(error.to_string())
}

fn manifest(
    profile: &Profile,
    id: &BackupId,
    made_at: Timestamp,
    (reason, by): (&str, &str),
    drafts: &[Draft],
) -> Manifest {
    let name = |draft: &Draft| server(draft.part.kind).to_owned();
    let told = |of: fn(&Draft) -> Option<String>| -> BTreeMap<String, String> {
        drafts.iter().filter_map(|draft| Some((name(draft), of(draft)?))).collect()
    };
    let mut addresses = told(|draft| draft.address.clone());
    if let Some(url) = profile.prometheus.urls.first().and_then(|url| url::Url::parse(url).ok()) {
        let mut url = url;
        // Fails only for addresses that can't have one.
        let _ = url.set_password(None);
        addresses.insert("prometheus".into(), url.to_string());
    }
    Manifest {
        schema: manifest::SCHEMA,
        id: id.0.clone(),
        stack: profile.name.clone(),
        made_at,
        finished_at: made_at,
        reason: reason.to_owned(),
        created_by: by.to_owned(),
        panel: env!("CARGO_PKG_VERSION").to_owned(),
        safety: false,
        versions: told(|draft| draft.version.clone()),
        addresses,
        pins: profile.pins.iter().map(|pin| (pin.service.clone(), pin.image.clone())).collect(),
        parts: drafts.iter().map(|draft| draft.part.clone()).collect(),
        files: Vec::new(),
    }
}

/// A part's server, in the manifest.
pub fn server(kind: BackupPartKind) -> &'static str {
    match kind {
        BackupPartKind::Grafana => "grafana",
        BackupPartKind::Prometheus => "prometheus",
        BackupPartKind::Alertmanager => "alertmanager",
        BackupPartKind::Configs => "configs",
        BackupPartKind::Permissions
        | BackupPartKind::Annotations
        | BackupPartKind::Playlists
        | BackupPartKind::PublicDashboards => "grafana",
    }
}

/// A part's heading in the text for people.
fn heading(kind: BackupPartKind) -> &'static str {
    match kind {
        BackupPartKind::Permissions => "permissions",
        BackupPartKind::Annotations => "annotations",
        BackupPartKind::Playlists => "playlists",
        BackupPartKind::PublicDashboards => "public",
        other => server(other),
    }
}

/// The text for people: only steps that are true for this backup.
fn text(manifest: &Manifest, builder: &Builder) -> String {
    let at = |time: Timestamp| {
        let stamp = jiff::Timestamp::from_millisecond(time.0).unwrap_or_default();
        stamp.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string()
    };
    let mut out = format!(
        "Backup {}\n{}\n\nStack      {}\nCreated    {}\nBy         {}\nReason     {}\nPanel      {}\n",
        manifest.id,
        "=".repeat(7 + manifest.id.len()),
        manifest.stack,
        at(manifest.made_at),
        one_line(&manifest.created_by),
        one_line(&manifest.reason),
        manifest.panel,
    );
    if !manifest.complete() {
        out.push_str("\nINCOMPLETE: parts of this backup are missing. See below.\n");
    }
    out.push_str("\nContents\n--------\n");
    for part in &manifest.parts {
        out.push_str(&part_text(part));
    }
    if !manifest.versions.is_empty() || !manifest.pins.is_empty() {
        out.push_str("\nVersions\n--------\n");
        for (server, version) in &manifest.versions {
            out.push_str(&format!("{server:<14} {}\n", one_line(version)));
        }
        for (service, image) in &manifest.pins {
            out.push_str(&format!("{service:<14} pinned to {}\n", one_line(image)));
        }
    }
    out.push_str("\nVerify this backup\n------------------\n");
    out.push_str(&format!(
        "In this folder: sha256sum --check --quiet SHA256SUMS\nOr: aetherctl backup verify {}\n",
        manifest.id
    ));
    out.push_str("\nRestoring\n---------\n");
    out.push_str(&steps(manifest, builder));
    out
}

fn part_text(part: &BackupPart) -> String {
    let state = match part.state {
        BackupPartState::Complete => format!("{}, {}", part.counted(), size(part.bytes)),
        BackupPartState::Failed => {
            format!("INCOMPLETE: {}, {}", part.counted(), size(part.bytes))
        }
        BackupPartState::Skipped => "not in this backup".to_owned(),
    };
    let mut out = format!("{:<14} {state}\n", heading(part.kind));
    for note in &part.notes {
        out.push_str(&format!("{:15}{}\n", "", one_line(note)));
    }
    out
}

fn steps(manifest: &Manifest, builder: &Builder) -> String {
    let has = |prefix: &str| builder.files().iter().any(|file| file.path.starts_with(prefix));
    let mut steps = Vec::new();
    if has(DASHBOARDS) {
        steps.push(format!(
            "Dashboards: open this backup in the panel, select dashboards, review the plan, restore. Or: \
                aetherctl backup restore {} (shows the plan; --apply restores). To undo: aetherctl \
                backup undo. Manually: for each file, send {{\"dashboard\": …with id null…, \
                \"folderUid\": …, \"overwrite\": false}} to POST /api/dashboards/db.",
            manifest.id
        ));
    }
    if has("grafana/alerting/") {
        steps.push(format!(
            "Alerting: open this backup in the panel, Alerting. Or: aetherctl backup restore {} --what \
                alerting. Manually: the files in grafana/alerting/ are replies of GET \
                /api/v1/provisioning/…. PUT them back with the header X-Disable-Provenance: true, so \
                that they stay editable. In contact points, secrets are replaced by [REDACTED].",
            manifest.id
        ));
    }
    if has(DATA_SOURCES) {
        let notes = manifest.parts.iter().flat_map(|part| &part.notes);
        let to_enter = notes.filter_map(|note| note.strip_prefix(parts::grafana::TO_ENTER)).map(one_line);
        let to_enter: String = to_enter.collect::<Vec<_>>().join(" ");
        let credentials = if to_enter.is_empty() {
            "They had no credentials.".to_owned()
        } else {
            format!(
                "Their credentials are not in the backup. Before sending, replace every {MASK} in the \
                    file and add the secrets that Grafana does not return: {to_enter}"
            )
        };
        steps.push(format!(
            "Data sources: manually. Send each entry of {DATA_SOURCES}, without id, to POST \
                /api/datasources. {credentials}"
        ));
    }
    for (file, part, what) in [
        (PERMISSIONS, "Permissions of folders and dashboards", "permissions"),
        (ANNOTATIONS, "Annotations", "annotations"),
        (PLAYLISTS, "Playlists", "playlists"),
        (PUBLIC_DASHBOARDS, "Public dashboards", "public-dashboards"),
    ] {
        if has(file) {
            steps.push(format!(
                "{part}: open this backup in the panel, Other. Or: aetherctl backup restore {} --what {what}.",
                manifest.id
            ));
        }
    }
    if has(SNAPSHOT) {
        if builder.files().iter().any(|file| file.path.starts_with(SNAPSHOT) && file.path.ends_with(ZSTD)) {
            steps.push(format!(
                "Prometheus data is compressed. To restore it manually, first decompress it in a copy of \
                    prometheus/snapshot/: find . -name '*{ZSTD}' -exec zstd -d -q --rm {{}} +"
            ));
        }
        steps.push(
            "Prometheus data: stop the server. Move its data folder aside. Create a new one and copy the \
                folders from prometheus/snapshot/ into it (no wal, no chunks_head). In the official \
                image, the owner is user 65534. Start the server. Blocks older than the retention are \
                deleted again. promtool tsdb list FOLDER shows the blocks."
                .into(),
        );
    }
    if has("configs/") {
        steps.push(format!(
            "Configuration: open this backup in the panel, Configuration. Or: aetherctl backup restore {} \
                --what configs. Manually: compare configs/ with the live files, copy what you need into \
                them (cp, not mv: a single file mounted into a container does not change after mv), \
                check it (promtool check config, amtool check-config), then reload: POST /-/reload on \
                Prometheus (with --web.enable-lifecycle) and on Alertmanager.",
            manifest.id
        ));
    }
    if has("alertmanager/silences") {
        steps.push(
            "Silences: alertmanager/silences.json lists them. Recreate those that have not expired with: \
                amtool silence import."
                .into(),
        );
    }
    let numbered = steps.iter().enumerate().map(|(index, step)| format!("{}. {step}\n", index + 1));
    if steps.is_empty() { "This backup contains nothing to restore.\n".into() } else { numbered.collect() }
}

/// Foreign text on one line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Writes the texts and closes the backup.
///
/// # Errors
/// `storage`.
pub async fn finish(mut builder: Builder, manifest: Manifest) -> Result<Manifest, PanelError> {
    tokio::task::spawn_blocking(move || {
        let mut manifest = manifest;
        manifest.finished_at = clock::now();
        let text = text(&manifest, &builder);
        builder.add(manifest::TEXT, text.as_bytes())?;
        builder.finish(manifest).map(|(manifest, _)| manifest)
    })
    .await
    .unwrap_or_else(|error| Err(ended(&error)))
}

/// Reason and author, checked.
///
/// # Errors
/// `invalid-request`.
fn checked(reason: &str, by: &str) -> Result<(String, String), PanelError> {
    let reason = reason.trim();
    let wrong = |words: &str| Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words));
    if reason.is_empty() {
        return wrong("A backup needs a reason.");
    }
    if reason.chars().count() > MAX_REASON {
        return wrong("The reason is longer than 500 characters.");
    }
    Ok((reason.to_owned(), author(by)))
}
