//! Puts files in force: written, read again by their servers, seen there; and everything as before when a step fails.

use std::{path::PathBuf, sync::Arc, time::Duration};

use aether_clients::{
    Alertmanager, ClientError, Failure, Prometheus,
    alertmanager::{ConfigFacts, config_hash},
};
use aether_contract::{ErrorCode, PanelError, ServiceKind};

use super::{
    kind::Kind,
    reload::{self, RELOAD, ReloadMethod},
    verify,
};
use aether_context::{jobs::Handle, session::StackSession};
use aether_foundation::file_write as write;
use aether_foundation::paths;

/// How long it may take until it is seen.
const SEEN: Duration = Duration::from_secs(15);
/// How long a server that is away in the middle may take to come back: it is being restarted, and reads the files then.
const BACK: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(300);

/// A file that changes.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its name in the pack.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Whose it is.
    pub kind: Kind,
    /// What has to be there; none: nothing. A file that reads differently was changed meanwhile, and is left.
    pub before: Option<Vec<u8>>,
    /// What shall be there; none: nothing.
    pub after: Option<Vec<u8>>,
}

/// Why files are not in force.
#[derive(Debug)]
pub struct Failed {
    /// What went wrong.
    pub error: PanelError,
    /// Whether anything had been written.
    pub wrote: bool,
    /// What could not be put back, a sentence each; empty: everything is as before.
    pub left: Vec<String>,
}

impl From<PanelError> for Failed {
    fn from(error: PanelError) -> Self {
        Self { error, wrote: false, left: Vec::new() }
    }
}

/// The servers that read the files: they answer, they can be told, and this is what they run before anything
/// is written.
pub struct Preflight {
    prometheus: Option<(Arc<Prometheus>, ReloadMethod)>,
    members: Vec<(Arc<Alertmanager>, ConfigFacts)>,
}

/// Puts the changes in force, all or none. Tells what is worth knowing, a sentence each.
///
/// # Errors
/// With [`Failed::wrote`] false when nothing was written: a file that somebody has changed meanwhile, a server
/// that does not answer or can't be told to read its files. Else what a server refused, or did not take over;
/// then the files are as before again.
pub async fn apply(live: &StackSession, changes: &[Change], job: &Handle) -> Result<Vec<String>, Failed> {
    job.stage("querying the servers", 0);
    let before = ground(live, changes).await?;
    apply_on(live, &before, changes, job).await
}

/// As [`apply`], on servers that were asked already.
///
/// # Errors
/// As [`apply`].
pub async fn apply_on(
    live: &StackSession,
    before: &Preflight,
    changes: &[Change],
    job: &Handle,
) -> Result<Vec<String>, Failed> {
    job.check()?;
    job.stage("writing", changes.len());
    let modes = write::modes(changes.iter().map(|change| change.path.as_path()));
    if let Err(error) = put_all(changes, false, job).await {
        return Err(error.into());
    }
    job.stage("reloading", 0);
    let error = match in_force(live, before, changes).await {
        Ok(notes) => return Ok(notes),
        Err(error) => error,
    };
    job.stage("rolling back", changes.len());
    let mut left = Vec::new();
    let back = reversed(changes);
    let written = put_all(changes, true, job).await;
    for (change, mode) in changes.iter().zip(&modes) {
        write::set_mode(&change.path, mode.as_ref());
    }
    if let Err(error) = written {
        left.push(error.to_string());
    } else if let Err(error) = in_force(live, before, &back).await
        // One that could not be told has not read the new ones either.
        && run_already(before, &back).await.is_err()
    {
        left.push(format!(
            "The files were rolled back, but it is unknown whether the servers run them: {error} A \
                restart loads them."
        ));
    }
    Err(Failed { error, wrote: true, left })
}

fn reversed(changes: &[Change]) -> Vec<Change> {
    let turn = |change: &Change| Change {
        before: change.after.clone(),
        after: change.before.clone(),
        ..change.clone()
    };
    changes.iter().map(turn).collect()
}

/// Writes all files, or none: one that fails takes those before it back.
async fn put_all(changes: &[Change], back: bool, job: &Handle) -> Result<(), PanelError> {
    let todo = if back { reversed(changes) } else { changes.to_vec() };
    let job = job.clone();
    let work = move || {
        let writes: Vec<write::Write<'_>> = todo
            .iter()
            .map(|one| write::Write {
                path: &one.path,
                before: one.before.as_deref(),
                after: one.after.as_deref(),
            })
            .collect();
        write::put_all(&writes, || job.step()).map_err(|stopped| {
            let Some(change) = todo.get(stopped.index) else {
                return PanelError::new(ErrorCode::Internal, "configs", "The write was interrupted.");
            };
            let error = match &stopped.failed {
                Some((what, error)) => paths::storage(what, &change.path, error),
                None => meanwhile(change),
            };
            match stopped.left.as_slice() {
                [] => error,
                left => {
                    let names: Vec<String> = left.iter().map(|path| path.display().to_string()).collect();
                    error.with_hint(format!(
                        "These files could not be rolled back and have the new content: {}.",
                        names.join(", ")
                    ))
                }
            }
        })
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(PanelError::new(ErrorCode::Internal, "configs", "The write was interrupted.")
            .with_detail(error.to_string()))
    })
}

fn meanwhile(change: &Change) -> PanelError {
    PanelError::new(
        ErrorCode::Unverified,
        change.path.display().to_string(),
        format!("{} was changed by someone else in the meantime, so it was not overwritten.", change.name),
    )
    .with_hint("Review the current differences.")
}

/// Asks the servers that read the files whether they can be told, and what they run now. Writes nothing.
///
/// # Errors
/// The servers' codes; `invalid-request` for one that can't be told to read its files.
pub async fn ground(live: &StackSession, changes: &[Change]) -> Result<Preflight, PanelError> {
    let touches = |kinds: &[Kind]| changes.iter().any(|change| kinds.contains(&change.kind));
    let mut found = Preflight { prometheus: None, members: Vec::new() };
    if touches(&[Kind::Prometheus, Kind::Rules]) {
        let client = live.clients.prometheus().await?;
        let way = reload::way(&live.profile, &client).await?;
        found.prometheus = Some((client, way));
    }
    if touches(&[Kind::Alertmanager]) {
        for index in 0..live.profile.alertmanager.urls.len() {
            let client = live.clients.member(index).await?;
            let facts =
                client.config_facts().await.map_err(|error| error.to_panel(ServiceKind::Alertmanager))?;
            found.members.push((client, facts));
        }
    }
    Ok(found)
}

/// Makes the servers read their files, and waits until they are seen to run them.
async fn in_force(
    live: &StackSession,
    before: &Preflight,
    changes: &[Change],
) -> Result<Vec<String>, PanelError> {
    let mut notes = Vec::new();
    if let Some((client, way)) = &before.prometheus {
        let how = tell(live, client, way).await?;
        prometheus_runs(client, changes, true, &mut notes).await?;
        notes.extend(Some(how).filter(|how| !how.is_empty()));
    }
    let ours = changes.iter().find(|change| change.kind == Kind::Alertmanager);
    if let Some(change) = ours {
        for (index, (client, facts)) in before.members.iter().enumerate() {
            member_runs(client, *facts, change, index, &mut notes).await?;
        }
    }
    for change in changes {
        let words = change.kind.afterwards();
        if !words.is_empty() {
            notes.push(format!("{}: {words}", change.name));
        }
    }
    Ok(notes)
}

/// Tells Prometheus. One that is away is waited for: it is being restarted, and reads its files when it comes up.
async fn tell(live: &StackSession, client: &Prometheus, way: &ReloadMethod) -> Result<String, PanelError> {
    let error = match reload::tell(&live.profile, client, way).await {
        Ok(told) => return Ok(told.how),
        Err(error) => error,
    };
    if !is_away(error.code) {
        return Err(error);
    }
    let until = tokio::time::Instant::now() + BACK;
    // Ready, too: before that it does not tell its rules.
    while client.ready().await.is_err_and(|error| error.failure != Failure::WrongPath) {
        if tokio::time::Instant::now() >= until {
            return Err(error);
        }
        tokio::time::sleep(PAUSE).await;
    }
    match reload::tell(&live.profile, client, way).await {
        Ok(told) => Ok(format!("It was unreachable during the reload and is back. {}", told.how)
            .trim_end()
            .to_owned()),
        Err(error) => Err(error),
    }
}

/// Whether an error means that nobody was there.
fn is_away(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::Refused | ErrorCode::Network | ErrorCode::Timeout)
}

/// Whether Prometheus runs the files as it is, whatever became of the reload.
async fn run_already(before: &Preflight, changes: &[Change]) -> Result<(), PanelError> {
    match &before.prometheus {
        Some((client, _)) if before.members.is_empty() => {
            prometheus_runs(client, changes, false, &mut Vec::new()).await
        }
        _ => Err(PanelError::new(ErrorCode::Unverified, "configs", "It was not checked.")),
    }
}

/// Waits until Prometheus runs the files; `read`: and says that it has read them.
async fn prometheus_runs(
    client: &Prometheus,
    changes: &[Change],
    read: bool,
    notes: &mut Vec<String>,
) -> Result<(), PanelError> {
    let told = |error: ClientError| error.to_panel(ServiceKind::Prometheus);
    let text =
        |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let began = tokio::time::Instant::now();
    loop {
        let mut unlike = None;
        match client.runtime_info().await {
            Ok(info) if read && info.value.reload_config_success == Some(false) => {
                unlike = Some("it reports that its last reload failed".to_owned());
            }
            _ => {}
        }
        let running = match client.rules().await {
            Ok(reply) => reply.value,
            // It is being restarted: what it runs is known when it is up.
            Err(error) if error.may_pass() && began.elapsed() < BACK => {
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            Err(error) => return Err(told(error)),
        };
        for change in changes.iter().filter(|change| change.kind == Kind::Rules) {
            let Some(after) = text(&change.after) else { continue };
            let differs = verify::rules_unlike(&after, &running);
            // A new file is read only once the configuration names it.
            if change.before.is_none() && differs.is_some() {
                notes.push(format!(
                    "Prometheus does not load {}: it is not listed in rule_files.",
                    change.name
                ));
                continue;
            }
            unlike = unlike.or_else(|| differs.map(|why| format!("{}: {why}", change.name)));
        }
        if let Some(change) = changes.iter().find(|change| change.kind == Kind::Prometheus)
            && let Some(after) = text(&change.after)
        {
            match client.config().await {
                Ok(config) => {
                    let differs = verify::config_unlike(&after, &config);
                    unlike = unlike.or_else(|| differs.map(|why| format!("{}: {why}", change.name)));
                }
                Err(error) if matches!(error.failure, Failure::WrongPath) => {}
                Err(error) => return Err(told(error)),
            }
        }
        let Some(why) = unlike else { return Ok(()) };
        if began.elapsed() >= SEEN {
            return Err(PanelError::new(
                ErrorCode::Unverified,
                ServiceKind::Prometheus.as_str(),
                format!("Prometheus was reloaded but does not run the files: {why}."),
            )
            .with_hint(
                "Check that it uses these files. A single file mounted into a container keeps its old \
                    content after the file is replaced, until the container is recreated.",
            ));
        }
        notes.clear();
        tokio::time::sleep(PAUSE).await;
    }
}

async fn member_runs(
    client: &Alertmanager,
    before: ConfigFacts,
    change: &Change,
    index: usize,
    notes: &mut Vec<String>,
) -> Result<(), PanelError> {
    let told = |error: ClientError| error.to_panel(ServiceKind::Alertmanager);
    client.reload(RELOAD).await.map_err(told)?;
    let now = client.config_facts().await.map_err(told)?;
    let member = index + 1;
    let unverified = |words: String| {
        Err(PanelError::new(ErrorCode::Unverified, ServiceKind::Alertmanager.as_str(), words)
            .with_hint("Check that it uses this file."))
    };
    if now.successful == Some(false) {
        return unverified(format!("Alertmanager {member} reports that its last reload failed."));
    }
    let is = |bytes: &Option<Vec<u8>>, facts: ConfigFacts| match (bytes, facts.hash) {
        (Some(bytes), Some(hash)) => Some(config_hash(bytes) == hash),
        _ => None,
    };
    match (is(&change.after, now), is(&change.before, before)) {
        (Some(true), _) => Ok(()),
        // It ran the old file by its own word, so its word about the new one counts.
        (Some(false), Some(true)) => {
            unverified(format!("Alertmanager {member} was reloaded but does not run {}.", change.name))
        }
        _ => {
            notes.push(format!(
                "Alertmanager {member} was reloaded. Whether it uses {} is unknown: it was not running \
                    the previous version either.",
                change.name
            ));
            Ok(())
        }
    }
}
