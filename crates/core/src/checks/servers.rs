//! The servers answer, in the versions that the profile pins, and what they scrape is up.

use std::sync::Arc;

use aether_clients::prometheus::QueryValue;
use aether_contract::{PanelError, PinRow, ServiceKind};

use super::{Came, Scene};
use crate::{pins, poll};

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
    let gap = |why: &str| (vec![format!("The containers’ images were not compared: {why}")], Vec::new());
    if profile.docker_host.is_none() {
        return gap("the profile names no Docker engine ([docker] host).");
    }
    // What the programs report has been looked at already.
    let report = pins::show(profile, &[]).await;
    if let Some(error) = &report.docker_gap {
        return gap(&error.message);
    }
    let line = |row: &PinRow| {
        let image = row.image.as_deref().unwrap_or("not there");
        let pinned = row.pinned.as_deref().unwrap_or("nothing");
        let state = row.state.as_deref().map(|state| format!(", {state}")).unwrap_or_default();
        format!("container {}: {image}{state}, pinned {pinned}", row.container)
    };
    let lines = report.rows.iter().map(line).collect();
    let drifts = report.rows.iter().filter(|row| row.verdict.is_drift());
    let other = drifts
        .map(|row| format!("container {}: {}", row.container, row.words.trim_end_matches('.')))
        .collect();
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
    fn the_version_is_the_tag_without_its_v() {
        assert_eq!(pinned("prom/prometheus:v2.54.1"), Some("2.54.1"));
        assert_eq!(pinned("grafana/grafana:11.2.0@sha256:00ff"), Some("11.2.0"));
        assert_eq!(pinned("registry:5000/prom"), None);
        assert_eq!(pinned("prom"), None);
    }
}
