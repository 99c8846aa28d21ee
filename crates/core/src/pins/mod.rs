//! Version pins: what the profile pins against the containers and against what the programs report. Only looks.
//!
//! The compose file is not read here: a pin is the profile's.

mod verdict;

use std::collections::BTreeSet;

use aether_clients::{Docker, DockerError, docker::Container};
use aether_contract::{PinRow, PinVerdict, PinsReport, ServiceStatus};
use futures_util::future::try_join_all;

use crate::stack::{Pin, Profile};
use verdict::{Evidence, judge};

/// The label by which Compose marks the containers of a project.
const PROJECT: &str = "com.docker.compose.project";
/// The label by which it names their service.
const SERVICE: &str = "com.docker.compose.service";

/// What the engine said of a pin.
#[derive(Debug, Clone, Default)]
struct Seen {
    container: Option<aether_clients::docker::ContainerDetail>,
    state: Option<String>,
    image: Option<aether_clients::docker::Image>,
}

/// All pins with what is known of them. An engine that does not answer leaves a gap that says why.
pub async fn show(profile: &Profile, services: &[ServiceStatus]) -> PinsReport {
    let Some(host) = &profile.docker_host else {
        return report(&profile.pins, services, None);
    };
    match Box::pin(ask(host, &profile.pins)).await {
        Ok((seen, all)) => report(&profile.pins, services, Some((&seen, &all))),
        Err(error) => {
            PinsReport { docker_gap: Some(error.to_panel()), ..report(&profile.pins, services, None) }
        }
    }
}

/// The pinned containers in full: the list names an image by its id once its tag has moved.
async fn ask(host: &str, pins: &[Pin]) -> Result<(Vec<Seen>, Vec<Container>), DockerError> {
    let docker = Docker::connect(host)?;
    let all = docker.containers().await?;
    let one = async |pin: &Pin| -> Result<Seen, DockerError> {
        let Some(listed) = all.iter().find(|one| one.name == pin.container) else {
            return Ok(Seen { image: docker.image(&pin.image).await?, ..Seen::default() });
        };
        Ok(Seen {
            container: docker.container(&listed.id).await?,
            state: Some(listed.state.clone()),
            image: docker.image(&pin.image).await?,
        })
    };
    let seen = try_join_all(pins.iter().map(one)).await?;
    Ok((seen, all))
}

/// The rows. Pure.
fn report(pins: &[Pin], services: &[ServiceStatus], engine: Option<(&[Seen], &[Container])>) -> PinsReport {
    let mut rows: Vec<PinRow> = Vec::new();
    for (index, pin) in pins.iter().enumerate() {
        let seen = engine.and_then(|(seen, _)| seen.get(index)).cloned().unwrap_or_default();
        let evidence = Evidence {
            service: pin.service.clone(),
            container: pin.container.clone(),
            pinned: pin.image.clone(),
            looked: engine.is_some(),
            seen: seen.container.as_ref().map(|one| (one.image.clone(), one.image_id.clone(), one.running)),
            tag_image_id: seen.image.as_ref().map(|image| image.id.clone()),
            reported: reported(services, &pin.service),
        };
        let (verdict, words, remedy) = judge(&evidence);
        rows.push(PinRow {
            service: evidence.service,
            container: evidence.container,
            pinned: Some(evidence.pinned),
            image: seen.container.as_ref().map(|one| one.image.clone()),
            image_id: seen.container.map(|one| one.image_id),
            tag_image_id: evidence.tag_image_id,
            digests: seen.image.map(|image| image.digests).unwrap_or_default(),
            state: seen.state,
            reported: evidence.reported,
            verdict,
            words,
            remedy,
        });
    }
    if let Some((_, all)) = engine {
        rows.extend(unpinned(pins, all));
    }
    PinsReport { rows, docker_gap: None }
}

/// What the members that answer now say, each version once.
fn reported(services: &[ServiceStatus], name: &str) -> Vec<String> {
    let members = services.iter().filter(|one| one.kind.as_str() == name).flat_map(|one| &one.members);
    let fresh = members.filter(|member| member.freshness.is_fresh());
    fresh.filter_map(|member| member.version.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Containers of the pinned ones' compose projects that nothing pins.
fn unpinned(pins: &[Pin], all: &[Container]) -> Vec<PinRow> {
    let pinned: BTreeSet<&str> = pins.iter().map(|pin| pin.container.as_str()).collect();
    let is_pinned = |one: &&Container| pinned.contains(one.name.as_str());
    let projects: BTreeSet<&String> =
        all.iter().filter(is_pinned).filter_map(|one| one.labels.get(PROJECT)).collect();
    let mut rows: Vec<PinRow> = all
        .iter()
        .filter(|one| !is_pinned(one))
        .filter(|one| one.labels.get(PROJECT).is_some_and(|project| projects.contains(project)))
        .map(|one| PinRow {
            service: one.labels.get(SERVICE).unwrap_or(&one.name).clone(),
            container: one.name.clone(),
            pinned: None,
            image: Some(one.image.clone()),
            image_id: Some(one.image_id.clone()),
            tag_image_id: None,
            digests: Vec::new(),
            state: Some(one.state.clone()),
            reported: Vec::new(),
            verdict: PinVerdict::Unpinned,
            words: format!("It runs {}, and the profile does not pin it.", one.image),
            remedy: "Add it to [[pins]] of the profile.".to_owned(),
        })
        .collect();
    rows.sort_by(|a, b| a.container.cmp(&b.container));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn container(name: &str, project: &str) -> Container {
        let labels = HashMap::from([(PROJECT.to_owned(), project.to_owned())]);
        Container {
            name: name.into(),
            image: "x/y:v1".into(),
            state: "running".into(),
            labels,
            ..Container::default()
        }
    }

    #[test]
    fn of_500_containers_those_of_the_pinned_project_are_shown_as_unpinned() {
        let pins = [Pin { service: "a".into(), container: "a".into(), image: "x/y:v1".into() }];
        let mut all: Vec<Container> = (0..498).map(|i| container(&format!("other-{i}"), "other")).collect();
        all.extend([container("cadvisor", "aether"), container("a", "aether")]);
        let rows = report(&pins, &[], Some((&[Seen::default()], &all))).rows;
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[1].container.as_str(), rows[1].verdict), ("cadvisor", PinVerdict::Unpinned));
    }

    #[tokio::test]
    async fn an_engine_that_is_not_there_leaves_a_gap_that_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut profile = Profile::builtin();
        profile.docker_host = Some(format!("unix://{}/none.sock", folder.path().display()));
        let report = show(&profile, &[]).await;
        assert!(report.docker_gap.unwrap().message.contains("nothing listens"));
        assert_eq!(report.rows.len(), profile.pins.len());
        assert!(report.rows.iter().all(|row| row.verdict == PinVerdict::Unknown));
    }
}
