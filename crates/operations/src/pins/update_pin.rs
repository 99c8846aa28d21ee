//! Another version for a service: a reviewed change of the one line of the compose file (or of its variables)
//! that says it, and of the profile's pin. Nothing is pulled, nothing is started; the plan ends with the
//! commands that do.

use aether_foundation::author;
use std::{path::PathBuf, sync::Arc};

use aether_clients::Docker;
use aether_contract::{
    ErrorCode, PanelError, PinUpdateChange, PinUpdateFile, PinUpdatePlan, PinUpdateRequest, PinUpdateResult,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    compose::{self, edit},
    image::{bare, difference, same, tag},
};
use crate::pins::Pins;
use aether_context::{journal::Entry, session::StackSession};
use aether_foundation::{
    diff, file_write as write, paths,
    shell::local,
    task::blocking,
    text::{capital, hex},
};

/// The journal's word for it.
pub const REPIN: &str = "repin";

struct Planned {
    plan: PinUpdatePlan,
    writes: Vec<Write>,
}

#[derive(Clone)]
struct Write {
    path: PathBuf,
    before: String,
    after: String,
}

impl Write {
    /// The write as the journal keeps it: which file, and hashes of it before and after.
    fn written(&self) -> Value {
        let hash = |text: &str| hex(&Sha256::digest(text));
        json!({"path": self.path.display().to_string(), "before": hash(&self.before), "after": hash(&self.after)})
    }
}

fn refuse(words: impl Into<String>) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "pins", words)
}

/// What another version would change.
///
/// # Errors
/// `invalid-request`, with the reason: the reference is none or names no version, the service is unknown, the
/// engine does not know the digest.
pub async fn plan(pins: &Pins, change: &PinUpdateChange) -> Result<PinUpdatePlan, PanelError> {
    Ok(planned(pins, &pins.ctx.live(), change).await?.plan)
}

async fn planned(pins: &Pins, live: &StackSession, change: &PinUpdateChange) -> Result<Planned, PanelError> {
    let mut image = reference(&change.image).map_err(refuse)?;
    if change.lock && !image.contains('@') {
        image = locked(live, &image).await?;
    }
    let service = change.service.clone();
    let pinned = live.profile.pins.iter().find(|pin| pin.service == service).map(|pin| pin.image.clone());
    let mut notes = cut_off(pins).await?;
    let mut old = pinned.clone();
    let (mut files, mut writes, mut also) = (Vec::new(), Vec::new(), Vec::new());
    let name = local(&service);
    let mut then = vec![format!("docker compose pull {name}"), format!("docker compose up -d {name}")];
    match compose::sources(&live.profile) {
        Err(gap) if pinned.is_some() => {
            notes.push(format!("The Compose file is not changed: {}", gap.message))
        }
        Err(gap) => return Err(gap),
        Ok(sources) => {
            let (from, wanted) = (image.clone(), service.clone());
            let read = sources.clone();
            let outcome = blocking(move || Ok(compose_change(&read, &wanted, &from))).await?;
            let mut started = vec![name.clone()];
            match outcome {
                Ok((edit::Change { path, variables, before, after, also: others, from, note }, enabled)) => {
                    old = from.or(old);
                    // Naming a service of a profile that is off would start it.
                    started.extend(
                        others.iter().filter(|other| enabled.contains(other)).map(|other| local(other)),
                    );
                    let diff =
                        if variables { diff::bare(&before, &after) } else { diff::unified(&before, &after) };
                    let what = if variables { "variables" } else { "Compose file" }.to_owned();
                    files.push(PinUpdateFile { path: path.display().to_string(), what, diff });
                    writes.push(Write { path, before, after });
                    notes.extend(Some(note).filter(|note| !note.is_empty()));
                    also = others;
                }
                // Then it is only the profile that lags behind.
                Err(why) if why.ends_with("already has this image") => {
                    notes.push(format!("The Compose file already has {image}."));
                }
                Err(why) => return Err(refuse(format!("{}.", capital(&why)))),
            }
            let compose = command(&sources, !live.profile.compose.files.is_empty());
            let started = started.join(" ");
            then = vec![format!("{compose} pull {started}"), format!("{compose} up -d {started}")];
        }
    }
    if let Some(pin) = &pinned
        && *pin != image
    {
        match pins.ctx.stacks.repinned(&service, &image) {
            Ok((path, before, after)) => {
                let (path_text, diff) = (path.display().to_string(), diff::unified(&before, &after));
                files.push(PinUpdateFile { path: path_text, what: "profile".to_owned(), diff });
                writes.push(Write { path, before, after });
            }
            Err(why) => notes.push(format!("The profile still pins {pin}: {why}.")),
        }
    }
    if files.is_empty() {
        return Err(refuse(format!("{service} is already pinned to {image}.")));
    }
    if !also.is_empty() {
        notes.push(format!("{} use the same value and will change too.", also.join(", ")));
    }
    notes.extend(old.as_deref().and_then(|old| difference(old, &image)));
    if image.contains('@') && tag(&image).is_some() {
        notes.push("Docker ignores the tag when a digest is given; it is kept for readability.".to_owned());
    }
    let mut plan = PinUpdatePlan { image, files, also, notes, then, digest: String::new() };
    let mut hash = Sha256::new();
    hash.update(serde_json::to_vec(&plan).unwrap_or_default());
    for write in &writes {
        hash.update(format!("{}\0{}\0{}\0", write.path.display(), write.before, write.after));
    }
    plan.digest = hex(&hash.finalize());
    Ok(Planned { plan, writes })
}

/// The change, and the services that are started with the profiles that are on.
fn compose_change(
    sources: &compose::read::Sources,
    service: &str,
    image: &str,
) -> Result<(edit::Change, Vec<String>), String> {
    let project = compose::read::read(sources, &compose::environment)?;
    let change = edit::change(sources, &project, &compose::environment, service, image)?;
    let enabled = project.services.into_iter().filter(|service| service.enabled).map(|service| service.name);
    Ok((change, enabled.collect()))
}

/// The command for a project: in its folder, with its files where those are not the ones that Compose finds by itself.
fn command(sources: &compose::read::Sources, named: bool) -> String {
    let path = |path: &std::path::Path| local(&path.display().to_string());
    let mut words = format!("cd {} && docker compose", path(&sources.dir));
    if named {
        for file in &sources.files {
            words.push_str(&format!(" -f {}", path(file)));
        }
        for file in &sources.env_files {
            words.push_str(&format!(" --env-file {}", path(file)));
        }
    }
    words
}

/// A reference that names a version, or why it is none. Pure.
fn reference(text: &str) -> Result<String, String> {
    let text = text.trim();
    let (name, digest) = text.split_once('@').unwrap_or((text, ""));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
    if name.is_empty()
        || text.len() > 512
        || !name.chars().all(allowed)
        || name.starts_with(['.', '-', '/', ':'])
    {
        return Err("Expected NAME:TAG or NAME:TAG@sha256:DIGEST.".to_owned());
    }
    if bare(name).rsplit('/').next().unwrap_or_default().chars().any(|c| c.is_ascii_uppercase()) {
        return Err("Image names cannot contain uppercase letters.".to_owned());
    }
    if text.contains('@') {
        let hex = digest.strip_prefix("sha256:").unwrap_or_default();
        if hex.len() != 64 || !hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err("A digest must be sha256: followed by 64 characters 0-9 and a-f.".to_owned());
        }
        return Ok(text.to_owned());
    }
    match tag(name) {
        None => Err(format!("{text} has no version: expected NAME:TAG.")),
        Some("latest") => Err("latest is not a version: the tag is mutable.".to_owned()),
        Some(_) => Ok(text.to_owned()),
    }
}

/// The reference with the digest that the engine knows for it.
async fn locked(live: &StackSession, image: &str) -> Result<String, PanelError> {
    let host = live.profile.docker_host.as_deref().ok_or_else(|| {
        refuse("Looking up the digest requires Docker, but the profile has no Docker endpoint.")
            .with_hint("Set [docker] host, or specify the digest: NAME:TAG@sha256:…")
    })?;
    let docker = Docker::connect(host).map_err(|error| error.to_panel())?;
    let found = docker.image(image).await.map_err(|error| error.to_panel())?.ok_or_else(|| {
        refuse(format!("Docker does not have {image}, so its digest is unknown."))
            .with_hint(format!("Run: docker pull {}. Then try again.", local(image)))
    })?;
    let digest = found.digests.iter().find_map(|one| {
        let (name, digest) = one.split_once('@')?;
        same(name, bare(image)).then_some(digest)
    });
    match digest {
        Some(digest) => Ok(format!("{image}@{digest}")),
        None => Err(refuse(format!("{image} was built locally and never pulled, so it has no digest."))
            .with_hint("Push it to a registry and pull it, or continue without the digest.")),
    }
}

/// Changes that were cut off in the middle.
async fn cut_off(pins: &Pins) -> Result<Vec<String>, PanelError> {
    let open = pins.ctx.journaled(|journal| journal.open_entries(REPIN)).await?;
    let told = |entry: &Entry| {
        let copies = entry.detail["copies"].as_str().unwrap_or_default().to_owned();
        // Once the copies are gone it was looked after.
        std::path::Path::new(&copies).is_dir().then(|| {
            format!(
                "A change of {} was interrupted. Copies of the previous files are in {copies}.",
                entry.subject
            )
        })
    };
    Ok(open.iter().filter_map(told).collect())
}

/// Carries a plan out: copies of the files, written, read back; put back when any of it fails.
///
/// # Errors
/// `invalid-request` without a reason; `unverified` when the files are not those of the plan any more;
/// `storage`: then the files are as before, or the error says where the copies are.
pub async fn apply(pins: Arc<Pins>, request: PinUpdateRequest) -> Result<PinUpdateResult, PanelError> {
    let live = pins.ctx.live();
    let reason = request.reason.trim().to_owned();
    if reason.is_empty() || reason.chars().count() > 400 {
        return Err(refuse("Enter a reason of up to 400 characters."));
    }
    let Planned { plan, writes } = planned(&pins, &live, &request.change).await?;
    if plan.digest != request.digest {
        let words = "The files changed since this plan was created. Nothing was written.";
        return Err(PanelError::new(ErrorCode::Unverified, "pins", words).with_hint("Review the new plan."));
    }
    let copies = pins.ctx.home.data.join("repin").join(plan.digest.get(..16).unwrap_or("plan"));
    let detail = json!({
        "stack": live.profile.name, "by": author::author(&request.created_by), "reason": reason, "image": plan.image,
        "files": plan.files.iter().map(|file| &file.path).collect::<Vec<_>>(), "copies": copies.display().to_string(),
    });
    let entry = pins.ctx.journal_begin(REPIN, &request.change.service, detail).await?;
    let work = writes.clone();
    let place = copies.clone();
    let done = blocking(move || write_all(&work, &place)).await;
    let (outcome, result) = match &done {
        // Neither diffs nor lines: a file of variables holds passwords beside the version.
        Ok(()) => ("done", json!({ "written": writes.iter().map(Write::written).collect::<Vec<_>>() })),
        Err(error) => ("failed", json!({ "error": error })),
    };
    pins.ctx.journal_complete(entry, outcome, result).await?;
    done?;
    let _ = pins.ctx.stacks.reload_if_changed();
    pins.ctx.reloaded();
    Ok(PinUpdateResult { written: plan.files.into_iter().map(|file| file.path).collect(), then: plan.then })
}

/// Writes the files, all or none, with copies of before beside for as long as it takes.
fn write_all(writes: &[Write], copies: &std::path::Path) -> Result<(), PanelError> {
    let storage = |path: &std::path::Path, error: &std::io::Error| paths::storage("write", path, error);
    paths::create_private_dir(copies).map_err(|error| storage(copies, &error))?;
    let mut real = Vec::new();
    for (index, one) in writes.iter().enumerate() {
        let name = one.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let copy = copies.join(format!("{index}-{name}"));
        paths::write_atomically(&copy, one.before.as_bytes()).map_err(|error| storage(&copy, &error))?;
        // A link is followed: it is the file behind it that is meant.
        real.push(
            std::fs::canonicalize(&one.path).map_err(|error| paths::storage("read", &one.path, &error))?,
        );
    }
    let files: Vec<write::Write<'_>> = writes
        .iter()
        .zip(&real)
        .map(|(one, path)| write::Write {
            path,
            before: Some(one.before.as_bytes()),
            after: Some(one.after.as_bytes()),
        })
        .collect();
    let stopped = match write::put_all(&files, || {}) {
        Ok(()) => {
            let _ = std::fs::remove_dir_all(copies);
            return Ok(());
        }
        Err(stopped) => stopped,
    };
    let path = real.get(stopped.index).map_or(copies, |path| path.as_path());
    let error = match &stopped.failed {
        Some((what, error)) => paths::storage(what, path, error),
        None => PanelError::new(
            ErrorCode::Unverified,
            "pins",
            format!("{} was changed by someone else in the meantime.", path.display()),
        ),
    };
    if stopped.left.is_empty() {
        let _ = std::fs::remove_dir_all(copies);
        return Err(error.with_hint("No files were changed."));
    }
    Err(error
        .with_hint(format!("Rollback incomplete. Copies of the previous files are in {}.", copies.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_reference_with_a_version_is_taken() {
        let digest = "0".repeat(64);
        for good in [
            "prom/prometheus:v2.55.1",
            "host:5000/a/b:1",
            "a:1",
            &format!("a@sha256:{digest}"),
            &format!("a/b:v1@sha256:{digest}"),
        ] {
            assert_eq!(reference(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "prom/prometheus",
            "a:latest",
            "a b:1",
            "a:1\nb",
            "A/B:1",
            "a@sha256:0",
            "a@md5:0",
            ":1",
            "-x:1",
            "a:1 && rm",
            "host:5000/a",
        ] {
            assert!(reference(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_commands_name_the_files_where_compose_would_find_others() {
        let sources = compose::read::Sources {
            dir: "/srv/my stack".into(),
            files: vec!["/srv/my stack/a.yml".into(), "/srv/b.yml".into()],
            env_files: vec!["/srv/x.env".into()],
            ..Default::default()
        };
        assert_eq!(command(&sources, false), "cd '/srv/my stack' && docker compose");
        assert_eq!(
            command(&sources, true),
            "cd '/srv/my stack' && docker compose -f '/srv/my stack/a.yml' -f /srv/b.yml --env-file /srv/x.env"
        );
    }

    #[test]
    fn a_write_that_fails_leaves_every_file_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str| Write { path: folder.path().join(name), before: "old".into(), after: "new".into() };
        std::fs::write(folder.path().join("a.yml"), "old").unwrap();
        std::fs::create_dir(folder.path().join("b.yml")).unwrap();
        let copies = folder.path().join("copies");
        let error = write_all(&[write("a.yml"), write("b.yml")], &copies).unwrap_err();
        assert_eq!((error.code, error.hint.as_str()), (ErrorCode::Storage, "No files were changed."));
        assert_eq!(std::fs::read_to_string(folder.path().join("a.yml")).unwrap(), "old");
        write_all(&[write("a.yml")], &copies).unwrap();
        assert_eq!(std::fs::read_to_string(folder.path().join("a.yml")).unwrap(), "new");
        assert!(!copies.exists());
    }
}
