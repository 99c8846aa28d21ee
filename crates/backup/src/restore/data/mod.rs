//! Restores Prometheus' data: the real commands for this very stack, and the same done through Docker where it
//! may be. The data of before is moved aside, never deleted; when a step fails, it is moved back.

mod pack;
mod preflight;
mod steps;

use aether_foundation::author;
use std::{sync::Arc, time::Duration};

use aether_clients::{DockerError, prometheus::QueryValue};
use aether_contract::{
    BackupId, DataCheck, DataRestorePlan, DataRestoreRequest, ErrorCode, PanelError, ServiceKind, Timestamp,
};
use serde_json::json;

use pack::upload;
use preflight::{Preflight, ground, well};
use steps::{aside, kept, undone};

use crate::{Backups, parts::container::Place, store::Store};
use aether_context::jobs::Handle;
use aether_foundation::shell::local;

/// The journal's word for it.
pub const RESTORE: &str = "restore-data";
/// How long Prometheus may take to close its log.
const STOP: Duration = Duration::from_secs(120);
/// How long a script beside the container may take: it renames, and counts.
const SCRIPT: Duration = Duration::from_secs(300);
/// How long Prometheus may take until it answers.
const READY: Duration = Duration::from_secs(300);
/// So many looks at a container that does not run, and it is not waited for any longer.
const DOWN: u32 = 8;
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// The steps, and whether the panel can do them. Nothing is changed.
///
/// # Errors
/// `not-found`; `invalid-request` for a backup without blocks; Prometheus' codes.
pub async fn plan(backups: &Backups, id: &BackupId) -> Result<DataRestorePlan, PanelError> {
    Ok(ground(backups, &backups.ctx.live(), id).await?.plan)
}

/// Carries the plan out through Docker.
///
/// # Errors
/// `unverified` when the plan is no longer the one that was shown; `invalid-request` when the panel can't do
/// it; else what a step failed with: then the data of before is back, or the error says where it is.
pub async fn apply(backups: Arc<Backups>, asked: DataRestoreRequest) -> Result<DataCheck, PanelError> {
    let live = backups.ctx.live();
    let job = backups.ctx.jobs.begin(format!("Restoring data from {}", asked.id.0))?;
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let lock = crate::store::locked(&store).await?;
    job.stage("querying the servers", 0);
    let ground = ground(&backups, &live, &asked.id).await?;
    if ground.plan.digest != asked.digest {
        return Err(PanelError::new(
            ErrorCode::Unverified,
            "backups",
            "The state changed since this plan was created. Nothing was changed.",
        )
        .with_hint("Review the new plan."));
    }
    let (Some(place), Some(owner), true) = (&ground.place, ground.owner, ground.plan.by_panel) else {
        return Err(PanelError::new(
            ErrorCode::InvalidRequest,
            "backups",
            "This restore cannot be automated.",
        )
        .with_hint("Follow the steps manually, then run the check."));
    };
    let kept = kept(&place.data, &asked.id);
    let detail = json!({
        "stack": live.profile.name, "by": author::author(&asked.created_by), "container": place.container.name,
        "data": place.data, "kept": kept,
    });
    let entry = backups.ctx.journal_begin(RESTORE, &asked.id.0, detail).await?;
    let done = carry_out(&ground, place, owner, &kept, &job).await;
    let (outcome, result) = match &done {
        Ok(check) => ("done", json!(check)),
        Err(error) => ("failed", json!({"error": error})),
    };
    backups.ctx.journal_complete(entry, outcome, result).await?;
    drop((lock, job));
    done
}

async fn carry_out(
    ground: &Preflight,
    place: &Place,
    owner: (u64, u64),
    kept: &str,
    job: &Handle,
) -> Result<DataCheck, PanelError> {
    let id = &place.container.id;
    let told = |error: DockerError| error.to_panel();
    job.check()?;
    job.stage("stopping Prometheus", 0);
    place.docker.stop(id, STOP).await.map_err(told)?;
    job.stage("moving the previous data aside", 0);
    if let Err(why) = well(place.docker.run_beside(&place.container, &aside(&place.data, kept), SCRIPT).await)
    {
        // It stops at the first file that can't be moved: those before it go back.
        return Err(back(place, kept, failed("Failed to move the previous data aside", &why)).await);
    }
    job.stage("copying the blocks", ground.blocks.len());
    if let Err(error) = upload(&ground.opened, place, owner, job).await {
        return Err(back(place, kept, error).await);
    }
    job.stage("starting Prometheus", 0);
    let answered = match place.docker.start(id).await.map_err(told) {
        Ok(()) => answers(ground, place).await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(mut check) => {
            check.kept = kept.to_owned();
            check.notes.push(format!(
                "The previous data is in {kept} of container {}. Delete it when it is no longer needed.",
                place.container.name
            ));
            Ok(check)
        }
        Err(error) => Err(back(place, kept, error).await),
    }
}

fn failed(words: &str, why: &str) -> PanelError {
    PanelError::new(ErrorCode::Rejected, "docker", format!("{words}.")).with_detail(why.to_owned())
}

/// Puts the previous data back and starts Prometheus if it ran before; the error reports the result.
async fn back(place: &Place, kept: &str, error: PanelError) -> PanelError {
    let id = &place.container.id;
    let ran_before = place.container.running;
    let work = async {
        place.docker.stop(id, STOP).await.map_err(|error| error.to_panel().to_string())?;
        well(place.docker.run_beside(&place.container, &undone(&place.data, kept), SCRIPT).await)?;
        if ran_before {
            place.docker.start(id).await.map_err(|error| error.to_panel().to_string())?;
        }
        Ok::<(), String>(())
    };
    match work.await {
        Ok(()) => {
            let now = if ran_before {
                "and Prometheus was started with it"
            } else {
                "and Prometheus is stopped, as it was before"
            };
            PanelError {
                message: format!("{} The previous data was put back, {now}.", error.message),
                ..error
            }
        }
        Err(why) => PanelError {
            message: format!(
                "{} Putting the previous data back failed too: it is in {kept} of container {}.",
                error.message, place.container.name
            ),
            detail: format!("{} {why}", error.detail).trim().to_owned(),
            ..error
        },
    }
}

/// Waits until Prometheus is ready, and asks for the samples of each block.
async fn answers(ground: &Preflight, place: &Place) -> Result<DataCheck, PanelError> {
    let until = tokio::time::Instant::now() + READY;
    let mut down = 0;
    while let Err(error) = ground.client.ready().await {
        // Restarted by its policy it is down for a moment only; what can't start stays down.
        let running =
            place.docker.container(&place.container.id).await.ok().flatten().is_none_or(|now| now.running);
        down = if running { 0 } else { down + 1 };
        if down >= DOWN {
            let words = "Prometheus exited right after starting with the restored data.";
            return Err(PanelError::new(ErrorCode::Unverified, "docker", words)
                .with_hint(format!("For the reason, see: docker logs {}", local(&place.container.name))));
        }
        if tokio::time::Instant::now() >= until {
            let told = error.to_panel(ServiceKind::Prometheus);
            return Err(PanelError {
                message: format!("Prometheus does not start with the restored data. {}", told.message),
                ..told
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
    let check = checked(ground).await?;
    if check.answered == 0 && check.expected > 0 {
        return Err(PanelError::new(
            ErrorCode::Unverified,
            ServiceKind::Prometheus.as_str(),
            "Prometheus is running but returns none of the restored samples.",
        ));
    }
    Ok(check)
}

async fn checked(ground: &Preflight) -> Result<DataCheck, PanelError> {
    let mut check = DataCheck {
        id: ground.plan.id.clone(),
        answered: 0,
        expected: ground.plan.blocks.saturating_sub(ground.plan.expired),
        kept: String::new(),
        notes: Vec::new(),
    };
    for block in &ground.blocks {
        // The last instant of the block: its newest samples are within the five minutes that are looked back.
        let at = Timestamp(block.to.0.saturating_sub(1));
        let answer = ground.client.instant("count({__name__=~\".+\"})", Some(at)).await;
        let answer = answer.map_err(|error| error.to_panel(ServiceKind::Prometheus))?;
        let has = matches!(&answer.value.value, QueryValue::Vector(samples) if !samples.is_empty());
        if has {
            check.answered += 1;
        } else {
            check.notes.push(format!("No samples of block {} are queryable.", block.id));
        }
    }
    check.notes.truncate(20);
    Ok(check)
}

/// Whether Prometheus answers with the samples of a backup's blocks.
///
/// # Errors
/// As [`plan`].
pub async fn check(backups: &Backups, id: &BackupId) -> Result<DataCheck, PanelError> {
    checked(&ground(backups, &backups.ctx.live(), id).await?).await
}
