//! What ran when a deploy began, and what runs since: versions as the servers report them, image ids as Docker
//! tells them.

use std::sync::Arc;

use aether_contract::{DeployedVersion, PinRow, ServiceStatus};

use crate::pins::{self, Pins, image::short};
use aether_context::{Context, poll, session::StackSession};

/// What runs now.
pub async fn now(ctx: &Arc<Context>, pins: &Pins, live: &Arc<StackSession>) -> Vec<DeployedVersion> {
    poll::all(ctx, live).await;
    ctx.publish();
    let services = ctx.publisher.current().services;
    let rows = pins::look(pins, live, &services).await.rows;
    let pin = |service: &str| {
        let pin = live.profile.pins.iter().find(|pin| pin.service == service);
        pin.map(|pin| pin.image.clone()).unwrap_or_default()
    };
    let mut all = Vec::new();
    for service in &services {
        all.extend(members(service, &pin(service.kind.as_str())));
    }
    all.extend(rows.iter().filter_map(container));
    all
}

/// The members of a service, as they tell of themselves.
fn members(service: &ServiceStatus, pinned: &str) -> Vec<DeployedVersion> {
    let one = |member: &aether_contract::MemberStatus| DeployedVersion {
        what: format!("{} {}", service.title, member.url),
        version: member
            .version
            .clone()
            .filter(|_| member.freshness.is_fresh())
            .map(|version| version.trim_start_matches('v').to_owned())
            .unwrap_or_default(),
        image: String::new(),
        image_id: String::new(),
        pinned: pinned.to_owned(),
    };
    service.members.iter().map(one).collect()
}

/// A container, where the engine told of it.
fn container(row: &PinRow) -> Option<DeployedVersion> {
    Some(DeployedVersion {
        what: format!("container {}", row.container),
        version: String::new(),
        image: row.image.clone()?,
        image_id: row.image_id.clone().unwrap_or_default(),
        pinned: row.pinned.clone().unwrap_or_default(),
    })
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changed {
    /// All that changed, a line each.
    pub lines: Vec<String>,
    /// What was to stay and changed, in words: its pin is the same as before.
    pub unmeant: Vec<String>,
}

/// What changed since. What is pinned as before was to stay; what is not pinned, or pinned otherwise by now,
/// was meant to change. Pure.
pub fn since(before: &[DeployedVersion], now: &[DeployedVersion]) -> Changed {
    let mut changed = Changed::default();
    for was in before {
        let Some(is) = now.iter().find(|is| is.what == was.what) else {
            changed.lines.push(format!("{}: removed", was.what));
            if !was.pinned.is_empty() {
                changed.unmeant.push(format!("{} was removed", was.what));
            }
            continue;
        };
        let Some(words) = difference(was, is) else { continue };
        let stays = !was.pinned.is_empty() && was.pinned == is.pinned;
        changed.lines.push(format!("{}: {words}", was.what));
        if stays {
            changed.unmeant.push(format!("{}: {words}, but its pin is still {}", was.what, is.pinned));
        }
    }
    let new = now.iter().filter(|is| !before.iter().any(|was| was.what == is.what));
    changed.lines.extend(new.map(|is| {
        let runs = if is.image.is_empty() { &is.version } else { &is.image };
        format!("{}: new, {runs}", is.what)
    }));
    changed
}

/// How the one differs from the other; none: it does not, as far as both are known.
fn difference(was: &DeployedVersion, is: &DeployedVersion) -> Option<String> {
    let known = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && a != b;
    if known(&was.version, &is.version) {
        return Some(format!("{} → {}", was.version, is.version));
    }
    if known(&was.image, &is.image) {
        return Some(format!("{} → {}", was.image, is.image));
    }
    known(&was.image_id, &is.image_id).then(|| {
        format!("a different image for {} ({} → {})", is.image, short(&was.image_id), short(&is.image_id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(what: &str, version: &str, image: &str, id: &str, pinned: &str) -> DeployedVersion {
        let own = str::to_owned;
        DeployedVersion {
            what: own(what),
            version: own(version),
            image: own(image),
            image_id: own(id),
            pinned: own(pinned),
        }
    }

    #[test]
    fn what_was_to_stay_and_changed_is_told_apart_from_what_was_meant() {
        let before = [
            ran("Prometheus a", "2.54.1", "", "", "p:v2.54.1"),
            ran("Grafana b", "11.2.0", "", "", "g:11.2.0"),
            ran("Alertmanager c", "0.27.0", "", "", "a:v0.27.0"),
            ran("container api", "", "api:1", "sha256:1", ""),
            ran("container prom", "", "p:v2.54.1", "sha256:2", "p:v2.54.1"),
            ran("container gone", "", "x", "sha256:3", "x"),
        ];
        let now = [
            ran("Prometheus a", "2.55.0", "", "", "p:v2.54.1"),
            ran("Grafana b", "11.3.0", "", "", "g:11.3.0"),
            ran("Alertmanager c", "", "", "", "a:v0.27.0"),
            ran("container api", "", "api:2", "sha256:9", ""),
            ran("container prom", "", "p:v2.54.1", "sha256:8", "p:v2.54.1"),
            ran("container new", "", "y:1", "sha256:7", ""),
        ];
        let found = since(&before, &now);
        assert_eq!(
            found.lines,
            [
                "Prometheus a: 2.54.1 → 2.55.0",
                "Grafana b: 11.2.0 → 11.3.0",
                "container api: api:1 → api:2",
                "container prom: a different image for p:v2.54.1 (2 → 8)",
                "container gone: removed",
                "container new: new, y:1",
            ]
        );
        let unmeant: Vec<&str> = found.unmeant.iter().map(String::as_str).collect();
        assert_eq!(
            unmeant,
            [
                "Prometheus a: 2.54.1 → 2.55.0, but its pin is still p:v2.54.1",
                "container prom: a different image for p:v2.54.1 (2 → 8), but its pin is still p:v2.54.1",
                "container gone was removed",
            ]
        );
        assert_eq!(since(&before, &before), Changed::default());
    }
}
