//! The servers answer, in the versions that the profile pins, and what they scrape is up.

use std::sync::Arc;

use aether_clients::{Docker, DockerError, docker::Container, prometheus::QueryValue};
use aether_contract::{PanelError, ServiceKind};

use super::{Came, Scene};
use crate::{poll, stack::Pin};

/// The version in an image's tag: `prom/prometheus:v2.54.1@sha256:…` → `2.54.1`.
fn pinned(image: &str) -> Option<&str> {
    let name = image.split('@').next()?;
    let (_, tag) = name.rsplit_once(':').filter(|(_, tag)| !tag.contains('/'))?;
    Some(tag.trim_start_matches('v'))
}

/// Every server answers, and says the version that is pinned.
///
/// # Errors
/// None of its own.
pub async fn versions(scene: &Arc<Scene>) -> Result<Came, PanelError> {
    poll::all(&scene.core, &scene.live).await;
    scene.core.publish();
    let services = scene.core.publisher.current().services;
    let (mut lines, mut other, mut down) = (Vec::new(), Vec::new(), Vec::new());
    for service in services.iter().filter(|service| !service.members.is_empty()) {
        let pin = scene.live.profile.pins.iter().find(|pin| pin.service == service.kind.as_str());
        let pin = pin.and_then(|pin| pinned(&pin.image));
        for member in &service.members {
            let says = member.version.as_deref().unwrap_or("no version");
            let wants = pin.map_or_else(|| "nothing is pinned".to_owned(), |pin| format!("pinned {pin}"));
            match member.freshness.error() {
                Some(error) => {
                    down.push(service.title.clone());
                    lines.push(format!("{} {}: {}", service.title, member.url, error.message));
                }
                None => {
                    lines.push(format!("{} {}: {says}, {wants}", service.title, member.url));
                    if let (Some(pin), Some(version)) = (pin, member.version.as_deref())
                        && pin != version.trim_start_matches('v')
                    {
                        other.push(format!("{} is {version}, pinned is {pin}", service.title));
                    }
                }
            }
        }
    }
    down.dedup();
    other.dedup();
    if !down.is_empty() {
        let words = format!("{} can’t be reached.", down.join(" and "));
        return Ok(Came::fail(words, lines, "Start it, or correct its address in Settings, Stacks."));
    }
    if lines.is_empty() {
        return Ok(Came::skipped("The profile names no server.", "Set the addresses in Settings, Stacks."));
    }
    let (told, unlike) = containers(scene).await;
    lines.extend(told);
    other.extend(unlike);
    if !other.is_empty() {
        let remedy =
            "Recreate the container with the pinned image, or change the pin: docker compose up -d SERVICE";
        return Ok(Came::warn(format!("{}.", other.join("; ")), lines, remedy));
    }
    Ok(Came::pass("Every server answers in its pinned version.", lines))
}

/// The containers of the pinned services, as far as Docker tells: a line each, and what is other than pinned. Without
/// Docker that is a gap, and is said.
async fn containers(scene: &Scene) -> (Vec<String>, Vec<String>) {
    let profile = &scene.live.profile;
    let gap = |why: String| (vec![format!("The containers’ images were not compared: {why}")], Vec::new());
    let Some(host) = &profile.docker_host else {
        return gap("the profile names no Docker engine ([docker] host).".to_owned());
    };
    let told = |error: DockerError| error.to_panel().message;
    let all = match Docker::connect(host) {
        Ok(docker) => docker.containers().await.map_err(told),
        Err(error) => Err(told(error)),
    };
    match all {
        Ok(all) => compare(&profile.pins, &all),
        Err(why) => gap(why),
    }
}

/// Containers against pins. Pure.
fn compare(pins: &[Pin], all: &[Container]) -> (Vec<String>, Vec<String>) {
    let (mut lines, mut other) = (Vec::new(), Vec::new());
    for pin in pins {
        // Optional services need not be there; whether a needed one answers is told above.
        let Some(found) = all.iter().find(|one| one.name == pin.container) else {
            lines.push(format!("container {}: not there", pin.container));
            continue;
        };
        lines.push(format!(
            "container {}: {}, {}, pinned {}",
            pin.container, found.image, found.state, pin.image
        ));
        let bare = |image: &str| {
            image.split('@').next().unwrap_or_default().trim_start_matches("docker.io/").to_owned()
        };
        if bare(&found.image) != bare(&pin.image) {
            other.push(format!("container {} is of {}, pinned is {}", pin.container, found.image, pin.image));
        } else if found.state != "running" {
            other.push(format!("container {} is {}", pin.container, found.state));
        }
    }
    (lines, other)
}

/// No target is down.
///
/// # Errors
/// Prometheus' codes.
pub async fn targets(scene: &Arc<Scene>) -> Result<Came, PanelError> {
    let client = scene.live.clients.prometheus().await?;
    let told = |error: aether_clients::ClientError| error.to_panel(ServiceKind::Prometheus);
    let QueryValue::Vector(all) = client.instant("up", None).await.map_err(told)?.value.value else {
        return Ok(Came::fail("The query up gave no vector.", Vec::new(), ""));
    };
    if all.is_empty() {
        let remedy = "Look at scrape_configs of Prometheus’ configuration.";
        return Ok(Came::fail("Prometheus scrapes nothing.", vec!["up: no series".to_owned()], remedy));
    }
    let name = |sample: &aether_clients::prometheus::Sample| {
        let label = |name: &str| sample.labels.get(name).cloned().unwrap_or_default();
        format!("{} {}", label("job"), label("instance"))
    };
    let down: Vec<String> = all.iter().filter(|one| one.value != 1.0).map(name).collect();
    let lines = all.iter().map(|one| format!("{}: up {}", name(one), one.value)).collect();
    if down.is_empty() {
        return Ok(Came::pass(format!("All {} targets are up.", all.len()), lines));
    }
    let words = format!("{} of {} targets are down: {}.", down.len(), all.len(), down.join(", "));
    Ok(Came::fail(
        words,
        lines,
        "Prometheus’ page /targets says why; start what is down, or take it out of the configuration.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_of_another_image_or_that_does_not_run_is_told() {
        let pin = |name: &str, image: &str| Pin {
            service: name.into(),
            container: name.into(),
            image: image.into(),
        };
        let container = |name: &str, image: &str, state: &str| Container {
            name: name.into(),
            image: image.into(),
            state: state.into(),
            ..Container::default()
        };
        let pins = [pin("a", "x/a:v1"), pin("b", "x/b:v1"), pin("c", "x/c:v1"), pin("d", "x/d:v1@sha256:00")];
        let all = [
            container("a", "docker.io/x/a:v1", "running"),
            container("b", "x/b:v2", "running"),
            container("d", "x/d:v1", "exited"),
        ];
        let (lines, other) = compare(&pins, &all);
        assert_eq!(lines.len(), 4);
        assert_eq!(other, ["container b is of x/b:v2, pinned is x/b:v1", "container d is exited"]);
    }

    #[test]
    fn the_version_is_the_tag_without_its_v() {
        assert_eq!(pinned("prom/prometheus:v2.54.1"), Some("2.54.1"));
        assert_eq!(pinned("grafana/grafana:11.2.0@sha256:00ff"), Some("11.2.0"));
        assert_eq!(pinned("registry:5000/prom"), None);
        assert_eq!(pinned("prom"), None);
    }
}
