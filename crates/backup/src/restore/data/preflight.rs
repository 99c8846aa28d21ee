//! Preconditions of a data restore: the backup's blocks, Prometheus' flags, the container and free space.
//! Read-only.

use aether_foundation::stack::prometheus_container;
use std::{collections::BTreeMap, sync::Arc};

use aether_clients::{
    DockerError, Prometheus,
    docker::{ContainerDetail, Ran},
};
use aether_contract::{
    BackupBlock, BackupId, DataRestorePlan, ErrorCode, PanelError, ServiceKind, Timestamp,
};
use sha2::{Digest as _, Sha256};

use super::{
    RESTORE, SCRIPT,
    pack::unpacked,
    steps::{back_in_docker, by_hand, in_docker, kept},
};
use crate::{
    Backups,
    build::ZSTD,
    layout::SNAPSHOT,
    parts::container::{self, Place},
    reader::BackupReader,
    store::Store,
};
use aether_context::{journal::Entry, session::StackSession};
use aether_foundation::{
    clock,
    shell::posix_path,
    task::blocking,
    text::{hex, size},
};

/// What is known before anything is done.
pub struct Preflight {
    /// The plan.
    pub plan: DataRestorePlan,
    /// Prometheus' client.
    pub client: Arc<Prometheus>,
    /// The backup.
    pub opened: BackupReader,
    /// Its blocks.
    pub blocks: Vec<BackupBlock>,
    /// The container, where it can be reached.
    pub place: Option<Place>,
    /// Owner of the data folder, where it could be asked.
    pub owner: Option<(u64, u64)>,
}

/// Looks at the backup, the server, and the container.
///
/// # Errors
/// As [`super::plan`].
pub async fn ground(backups: &Backups, live: &StackSession, id: &BackupId) -> Result<Preflight, PanelError> {
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let wanted = id.clone();
    let (opened, blocks) = blocking(move || {
        let opened = BackupReader::open(&store, &wanted)?;
        let blocks = opened.blocks();
        Ok((opened, blocks))
    })
    .await?;
    if blocks.is_empty() {
        let words = format!("Backup {} contains no Prometheus data.", id.0);
        return Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words));
    }
    if let Some(broken) = blocks.iter().find(|block| !block.problem.is_empty()) {
        let words = format!("Failed to read block {} of the backup: {}.", broken.id, broken.problem);
        return Err(PanelError::new(ErrorCode::Storage, "backups", words).with_hint("Verify the backup."));
    }
    let client = live.clients.prometheus().await?;
    let mut notes = Vec::new();
    let told = client.flags().await.map(|reply| reply.value);
    let own = told.as_ref().ok().and_then(|flags| flags.get("storage.tsdb.path")).cloned();
    let (place, why) = match prometheus_container(&live.profile) {
        None => (None, "Automatic restore requires Docker: set [docker] host in the profile.".to_owned()),
        // It is needed most where Prometheus does not start any more: then its command line tells what it was told.
        Some((host, name)) => match container::find(&host, &name, own.as_deref()).await {
            Ok(place) => (Some(place), String::new()),
            Err(why) => (None, format!("Automatic restore through Docker is not possible: {why}.")),
        },
    };
    let retention = retention(told.as_ref().ok(), place.as_ref().map(|place| &place.container));
    match (&told, &place) {
        (Err(_), Some(place)) if !place.container.running => notes.push(format!(
            "Container {} is stopped; it will be started with the restored data.",
            place.container.name
        )),
        (Err(error), None) => notes.push(format!(
            "Prometheus is unreachable, so its data directory and retention are unknown: {}",
            error.to_panel(ServiceKind::Prometheus).message
        )),
        _ => {}
    }
    notes.extend(cut_off(backups, live, place.as_ref()).await?);
    let (mut by_panel, mut owner, mut free) = (false, None, None);
    match &place {
        None => notes.push(why),
        Some(place) => match look(place).await {
            Ok(found) => (by_panel, owner, free) = (true, Some(found.0), Some(found.1)),
            Err(why) => notes.push(format!(
                "Automatic restore in container {} is not possible: {why}.",
                place.container.name
            )),
        },
    }
    let source = opened.folder.join(SNAPSHOT.trim_end_matches('/'));
    let files: Vec<String> =
        opened.paths().filter_map(|path| path.strip_prefix(SNAPSHOT)).map(str::to_owned).collect();
    let packed = files.iter().any(|file| file.ends_with(ZSTD));
    let at = source.clone();
    let bytes: f64 = blocking(move || {
        let size = |file: &String| unpacked(&crate::inside::inside(&at, file)?).map(|bytes| bytes as f64);
        let sizes: std::io::Result<Vec<f64>> = files.iter().map(size).collect();
        sizes
            .map(|sizes| sizes.iter().sum())
            .map_err(|error| aether_foundation::paths::storage("read", &at, &error))
    })
    .await?;
    if let Some(free) = free.filter(|free| *free < bytes * 1.05) {
        by_panel = false;
        notes.push(format!("Not enough disk space: {} free, {} needed.", size(free), size(bytes)));
    }
    let expired = retention.map_or(0, |ms| expired(&blocks, ms, clock::now()));
    if expired > 0 {
        notes.push(format!(
            "Prometheus will delete {expired} of the blocks immediately, because they are older than its \
                retention. To keep them, raise --storage.tsdb.retention.time first."
        ));
    }
    if usize::try_from(expired) == Ok(blocks.len()) {
        by_panel = false;
        notes.push(
            "All blocks are older than the retention, so nothing would remain. The panel does not \
            run this restore."
                .to_owned(),
        );
    }
    notes.push(
        "Samples scraped since this backup stay in the previous data, which is set aside; they are not in \
            the restored data."
            .into(),
    );
    let data = place.as_ref().map(|place| place.data.clone()).or(own).unwrap_or_else(|| "DATA-FOLDER".into());
    let kept = kept(&data, id);
    let url = live.profile.prometheus.urls.first().cloned().unwrap_or_default();
    let (steps, back) = match &place {
        Some(place) => in_docker(place, owner, (&source, packed), &kept, &url, &blocks),
        None => by_hand(&data, (&source, packed), &kept, &url, &blocks),
    };
    let mut plan = DataRestorePlan {
        id: id.clone(),
        target: data,
        container: place.as_ref().map(|place| place.container.name.clone()).unwrap_or_default(),
        blocks: u32::try_from(blocks.len()).unwrap_or(u32::MAX),
        bytes,
        from: blocks.iter().map(|block| block.from).min(),
        to: blocks.iter().map(|block| block.to).max(),
        expired,
        free_bytes: free,
        steps,
        back,
        by_panel,
        notes,
        digest: String::new(),
    };
    // What is free changes all the time and means nothing beyond the check above.
    let told = serde_json::to_vec(&(&plan.target, &plan.container, &plan.steps, plan.blocks, plan.by_panel));
    plan.digest = hex(&Sha256::digest(told.unwrap_or_default()));
    Ok(Preflight { plan, client, opened, blocks, place, owner })
}

/// For how long Prometheus keeps samples, in milliseconds: as it says itself, else as its command line says;
/// where neither a time nor a size is set, its default of 15 days. `None` where nothing tells, or only a size is set.
fn retention(told: Option<&BTreeMap<String, String>>, container: Option<&ContainerDetail>) -> Option<i64> {
    if told.is_none() && container.is_none() {
        return None;
    }
    let flag = |name: &str| match (told, container) {
        (Some(told), _) => told.get(name).map(String::as_str),
        (None, container) => container.and_then(|container| container.flag(name)),
    };
    let long = |text: &str| promql_parser::util::parse_duration(text).ok().filter(|long| !long.is_zero());
    if let Some(long) = flag("storage.tsdb.retention.time").and_then(long) {
        return i64::try_from(long.as_millis()).ok();
    }
    // Servers say `0B` of a size that is not set.
    let unset = flag("storage.tsdb.retention.size").is_none_or(|size| size.starts_with('0'));
    unset.then_some(15 * 24 * 3_600_000)
}

/// Restores that were cut off in the middle, by the death of the panel or of its machine.
async fn cut_off(
    backups: &Backups,
    live: &StackSession,
    place: Option<&Place>,
) -> Result<Vec<String>, PanelError> {
    let open = backups.ctx.journaled(|journal| journal.open_entries(RESTORE)).await?;
    let text = |entry: &Entry, key: &str| entry.detail[key].as_str().unwrap_or_default().to_owned();
    let mut notes = Vec::new();
    for entry in open.iter().filter(|entry| text(entry, "stack") == live.profile.name) {
        let (kept, container) = (text(entry, "kept"), text(entry, "container"));
        let told = format!("A restore of {} was interrupted.", entry.subject);
        let Some(place) = place.filter(|place| place.container.name == container) else {
            notes.push(format!("{told} The previous data is in {kept} of container {container}."));
            continue;
        };
        // Entries whose data was since moved back or deleted manually are skipped.
        let looks = format!("test -e {}", posix_path(&kept));
        let ran = place.docker.run_beside(&place.container, &looks, SCRIPT).await;
        if ran.is_ok_and(|ran| ran.code != 0) {
            continue;
        }
        notes.push(format!(
            "{told} The previous data is in {kept}. To put it back: {}",
            back_in_docker(place, &kept)
        ));
    }
    Ok(notes)
}

/// Blocks that are older than the retention.
fn expired(blocks: &[BackupBlock], retention_ms: i64, now: Timestamp) -> u32 {
    let old = blocks.iter().filter(|block| now.millis_since(block.to) > retention_ms).count();
    u32::try_from(old).unwrap_or(u32::MAX)
}

/// Who owns the data folder, and how many bytes are free there. Also shows that a script can be run beside the
/// container, and that the folder outlives it.
async fn look(place: &Place) -> Result<((u64, u64), f64), String> {
    let lives = place.container.mounts.iter().any(|mount| {
        mount.writable
            && (place.data == mount.destination || place.data.starts_with(&format!("{}/", mount.destination)))
    });
    if !lives {
        return Err(format!("{} is not in a writable volume or mount", place.data));
    }
    let data = posix_path(&place.data);
    let script = format!("stat -c '%u %g' {data} && df -Pk {data} | tail -n 1");
    let ran = place.docker.run_beside(&place.container, &script, SCRIPT).await;
    let output = well(ran)?;
    let mut lines = output.lines().filter(|line| !line.trim().is_empty());
    let numbers = |line: Option<&str>| -> Vec<u64> {
        line.unwrap_or_default().split_whitespace().filter_map(|word| word.parse().ok()).collect()
    };
    let (owner, room) = (numbers(lines.next()), numbers(lines.next()));
    match (owner.as_slice(), room.as_slice()) {
        // Blocks, used, available, each in KiB.
        ([uid, gid], [_, _, free, ..]) => Ok(((*uid, *gid), *free as f64 * 1024.0)),
        _ => Err("its shell returned unexpected output".to_owned()),
    }
}

/// The output of a program that ended well.
pub fn well(ran: Result<Ran, DockerError>) -> Result<String, String> {
    match ran {
        Ok(ran) if ran.code == 0 => Ok(ran.output),
        Ok(ran) => Err(format!("a script in it exited with {}: {}", ran.code, ran.output.trim())),
        Err(error) => Err(error.to_panel().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_samples_are_kept_is_read_from_the_server_or_from_the_command_line() {
        const DAY: i64 = 86_400_000;
        let told = |time: &str, size: &str| {
            let flags = [("storage.tsdb.retention.time", time), ("storage.tsdb.retention.size", size)];
            let flags = flags.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
            retention(Some(&flags), None)
        };
        assert_eq!(told("30d", "0B"), Some(30 * DAY));
        assert_eq!(told("0s", "0B"), Some(15 * DAY), "default");
        assert_eq!(told("0s", "10GB"), None);
        let command = |words: &[&str]| {
            let command = words.iter().map(|&word| word.to_owned()).collect();
            retention(None, Some(&ContainerDetail { command, ..ContainerDetail::default() }))
        };
        assert_eq!(command(&["/bin/prometheus", "--storage.tsdb.retention.time=2w"]), Some(14 * DAY));
        assert_eq!(command(&["--storage.tsdb.retention.size=10GB"]), None);
        assert_eq!(command(&[]), Some(15 * DAY));
        assert_eq!(retention(None, None), None);
    }

    #[test]
    fn blocks_beyond_the_retention_are_told_beforehand() {
        let block = |to| BackupBlock {
            id: "x".into(),
            from: Timestamp(0),
            to: Timestamp(to),
            series: 1.0,
            samples: 1.0,
            bytes: 1.0,
            problem: String::new(),
        };
        let day = 86_400_000;
        let now = Timestamp(30 * day);
        assert_eq!(expired(&[block(day), block(14 * day), block(16 * day)], 15 * day, now), 2);
    }
}
