//! Version pins: the chain from what is wanted to what runs. The profile's pin, the compose file's reference,
//! the container, its image, the program's own word. Only looks; [`repin`] changes a reference, and neither
//! pulls nor restarts anything.
//!
//! Missing data is a gap in the chain with its reason; the rest is still reported.

pub mod advisories;
mod chain;
pub mod compose;
pub mod history;
pub mod image;
mod reported;
pub mod update_pin;
mod verdict;
pub mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use aether_clients::{Docker, DockerError, DockerFailure, docker::Container};
use aether_contract::{PanelError, PinsReport, ServiceStatus};
use futures_util::{StreamExt as _, stream};

use advisories::Table;
use aether_context::{Context, session::StackSession};
use aether_foundation::{clock, stack::Profile};
use chain::{Facts, ObservedImage};
use compose::Compose;
use verdict::InCompose;

pub use watch::SessionPins;

/// Version pins of the selected stack. What is remembered of them ends with its session.
pub struct Pins {
    ctx: Arc<Context>,
    current: Mutex<Option<(String, Arc<SessionPins>)>>,
}

impl Pins {
    /// Nothing is read yet.
    pub fn new(ctx: Arc<Context>) -> Arc<Self> {
        Arc::new(Self { ctx, current: Mutex::default() })
    }

    /// What is remembered of a session's pins; nothing for a session that has ended.
    pub fn session(&self, live: &StackSession) -> Arc<SessionPins> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some((id, pins)) if *id == live.id => Arc::clone(pins),
            _ => {
                let new = Arc::new(SessionPins::default());
                // A late look at an earlier session does not replace what is known of this one.
                if live.id == self.ctx.live().id {
                    *current = Some((live.id.clone(), Arc::clone(&new)));
                }
                new
            }
        }
    }
}

/// The label by which Compose marks the containers of a project.
const PROJECT: &str = "com.docker.compose.project";
/// The label by which it names their service.
const SERVICE: &str = "com.docker.compose.service";
/// The label by which it tells the files that a container was made from.
const CONFIG_FILES: &str = "com.docker.compose.project.config_files";
/// Questions to the engine at once.
const AT_ONCE: usize = 8;
/// Most services that are shown; a project has a handful.
const MAX_SERVICES: usize = 500;

/// All pins with what is known of them. A file or an engine that can't be read leaves a gap that says why.
pub async fn look(pins: &Pins, live: &StackSession, services: &[ServiceStatus]) -> PinsReport {
    let (config, session) = (&pins.ctx.home.config, pins.session(live));
    let profile = &live.profile;
    let (compose, engine) = tokio::join!(
        Box::pin(compose::look(profile, &session.compose)),
        Box::pin(listed(profile.docker_host.as_deref()))
    );
    let (compose, compose_gap) = split(compose);
    let (engine, docker_gap) = match engine {
        Some(engine) => split(engine),
        None => (None, None),
    };
    let all = engine.as_ref().map(|(_, all)| all.as_slice());
    let mut facts = named(profile, compose.as_ref(), all);
    facts.truncate(MAX_SERVICES);
    if let Some((docker, all)) = &engine {
        let seen = stream::iter(facts.iter().map(|one| inspect(docker, all, one)).collect::<Vec<_>>())
            .buffered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        for (one, seen) in facts.iter_mut().zip(seen) {
            one.engine = Some(seen);
        }
    }
    let wanted: Vec<reported::Wanted> =
        facts.iter().map(|one| (one.service.clone(), one.evidence().wanted().map(str::to_owned))).collect();
    let told = reported::ask(live, services, &wanted).await;
    let (table, table_note) = advisories::table(config);
    let mut notes = compose.as_ref().map(|compose| compose.notes.clone()).unwrap_or_default();
    notes.extend(all.and_then(|all| other_files(compose.as_ref(), &facts, all)));
    notes.extend(table_note);
    PinsReport {
        rows: rows(facts, told, &table),
        at: clock::now(),
        docker_named: profile.docker_host.is_some(),
        docker_gap,
        compose_gap,
        compose_by: compose.map(|compose| compose.by).unwrap_or_default(),
        compose_notes: notes,
        advisories_date: table.date,
    }
}

fn split<T>(outcome: Result<T, PanelError>) -> (Option<T>, Option<PanelError>) {
    match outcome {
        Ok(value) => (Some(value), None),
        Err(error) => (None, Some(error)),
    }
}

fn rows(facts: Vec<Facts>, mut told: reported::Reported, table: &Table) -> Vec<aether_contract::PinRow> {
    let mut rows = Vec::with_capacity(facts.len());
    for mut one in facts {
        one.reported = told.versions.remove(&one.service).unwrap_or_default();
        one.silent = told.silent.remove(&one.service).unwrap_or_default();
        rows.push(one.row(table));
    }
    rows
}

type Engine = (Docker, Vec<Container>);

/// The engine with its containers; none where the profile names no engine.
async fn listed(host: Option<&str>) -> Option<Result<Engine, PanelError>> {
    let host = host?;
    let work = async {
        let docker = Docker::connect(host)?;
        let all = docker.containers().await?;
        Ok::<Engine, DockerError>((docker, all))
    };
    Some(work.await.map_err(|error| error.to_panel()))
}

/// The services: the profile's pins in their order, then what the compose project has besides, by name.
fn named(profile: &Profile, compose: Option<&Compose>, all: Option<&[Container]>) -> Vec<Facts> {
    let mut facts: Vec<Facts> = profile
        .pins
        .iter()
        .map(|pin| Facts {
            service: pin.service.clone(),
            container: pin.container.clone(),
            optional: pin.optional,
            pinned: Some(pin.image.clone()),
            ..Facts::default()
        })
        .collect();
    let mut more: BTreeMap<String, Facts> = BTreeMap::new();
    for service in compose.iter().flat_map(|compose| &compose.project.services) {
        if !facts.iter().any(|one| one.service == service.name) {
            let one = Facts {
                service: service.name.clone(),
                container: service.container.clone(),
                optional: true,
                ..Facts::default()
            };
            more.insert(service.name.clone(), one);
        }
    }
    // Containers of the project that runs, whether or not its file names them.
    let pinned: BTreeSet<&str> = profile.pins.iter().map(|pin| pin.container.as_str()).collect();
    let names: BTreeSet<&str> = all.iter().flat_map(|all| all.iter()).map(|one| one.name.as_str()).collect();
    let grouped: Vec<(&str, &Container)> = all
        .iter()
        .flat_map(|all| all.iter())
        .filter_map(|one| one.labels.get(PROJECT).map(|project| (project.as_str(), one)))
        .collect();
    let mut projects: BTreeSet<&str> = grouped
        .iter()
        .filter(|(_, one)| pinned.contains(one.name.as_str()))
        .map(|(project, _)| *project)
        .collect();
    projects.extend(compose.map(|compose| compose.project.name.as_str()));
    let mut found: Vec<Facts> = Vec::new();
    for (_, one) in grouped.iter().filter(|(project, _)| projects.contains(project)) {
        let service = one.labels.get(SERVICE).unwrap_or(&one.name);
        if pinned.contains(one.name.as_str()) {
            continue;
        }
        match more.get_mut(service) {
            Some(known) => known.container.clone_from(&one.name),
            None => match facts.iter_mut().find(|known| known.service == *service) {
                // A pinned service whose container has another name than the profile gives it.
                Some(known) if !names.contains(known.container.as_str()) => {
                    known.container.clone_from(&one.name)
                }
                Some(_) => {}
                None => found.push(Facts {
                    service: service.clone(),
                    container: one.name.clone(),
                    optional: true,
                    ..Facts::default()
                }),
            },
        }
    }
    found.sort_by(|a, b| a.container.cmp(&b.container));
    facts.extend(more.into_values());
    facts.extend(found);
    for one in &mut facts {
        let Some(compose) = compose else { continue };
        one.compose = Some(match compose.project.service(&one.service) {
            None => InCompose::NotNamed,
            Some(service) => match &service.image {
                None => InCompose::Built,
                Some(image) => match &image.resolved {
                    Ok(image) => InCompose::Says(image.clone()),
                    Err(why) => InCompose::Broken(why.clone()),
                },
            },
        });
        one.reference = compose
            .project
            .service(&one.service)
            .and_then(|service| compose::shown(&compose.project, service));
    }
    facts
}

/// A service's container in full, and the image that is wanted: the list names an image by its id once its tag
/// has moved.
async fn inspect(docker: &Docker, all: &[Container], one: &Facts) -> ObservedImage {
    let listed = find(all, one);
    let wanted = one.evidence().wanted().map(str::to_owned);
    let (detail, image) = tokio::join!(
        async {
            match listed {
                Some(listed) => docker.container(&listed.id).await,
                None => Ok(None),
            }
        },
        async {
            match &wanted {
                Some(wanted) => docker.image(wanted).await,
                None => Ok(None),
            }
        }
    );
    let told = |error: DockerError| match error.failure {
        // What is no name of an image has none.
        DockerFailure::Refused(400) => None,
        _ => Some(error.to_panel().message),
    };
    let mut seen = ObservedImage { listed: listed.cloned(), ..ObservedImage::default() };
    match detail {
        Ok(detail) => seen.detail = detail,
        Err(error) => seen.gap = error.to_panel().message,
    }
    match image {
        Ok(image) => seen.image = image,
        Err(error) => seen.image_gap = told(error).unwrap_or_default(),
    }
    seen
}

fn find<'a>(all: &'a [Container], one: &Facts) -> Option<&'a Container> {
    all.iter().find(|container| container.name == one.container)
}

/// The containers were made from other files than those that were read.
fn other_files(compose: Option<&Compose>, facts: &[Facts], all: &[Container]) -> Option<String> {
    let container = facts
        .iter()
        .find_map(|one| find(all, one).filter(|found| found.labels.contains_key(CONFIG_FILES)))?;
    let made = container.labels.get(CONFIG_FILES)?;
    let Some(compose) = compose else {
        return Some(format!(
            "According to Docker, {} was created from {made}; set it in [compose] files.",
            container.name
        ));
    };
    let real = |path: &std::path::Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let read: Vec<_> = compose.sources.files.iter().map(|path| real(path)).collect();
    let from: Vec<_> = made.split(',').map(|path| real(std::path::Path::new(path.trim()))).collect();
    // Under another path on the engine's machine it may be the same file.
    let names = |paths: &[std::path::PathBuf]| -> Vec<_> {
        paths.iter().filter_map(|path| path.file_name().map(ToOwned::to_owned)).collect()
    };
    (read != from && names(&read) != names(&from)).then(|| {
        format!(
            "According to Docker, {} was created from {made}, not from the files loaded here.",
            container.name
        )
    })
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
