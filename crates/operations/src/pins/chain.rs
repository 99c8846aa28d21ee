//! A service's row: its links side by side, the verdict on them, what is known about the version. Pure.

use aether_clients::docker::{Container, ContainerDetail, Image};
use aether_contract::{ComposeReference, PinLink, PinLinkKind, PinLinkState, PinRow, ReportedVersion};

use super::{
    advisories::Table,
    image::{program, short, version},
    verdict::{Evidence, InCompose, InEngine, Judged, judge},
};

/// Docker's data about a service; each part can fail separately.
#[derive(Debug, Clone, Default)]
pub struct ObservedImage {
    /// The container in the engine's list.
    pub listed: Option<Container>,
    /// In full.
    pub detail: Option<ContainerDetail>,
    /// The image that the wanted reference names.
    pub image: Option<Image>,
    /// Why the container could not be looked at; empty otherwise.
    pub gap: String,
    /// Why the image of the reference is unknown; empty otherwise.
    pub image_gap: String,
}

/// Everything about a service.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Service in the compose file.
    pub service: String,
    /// Container's name.
    pub container: String,
    /// Whether it need not run.
    pub optional: bool,
    /// The profile's pin.
    pub pinned: Option<String>,
    /// The compose file; none: it was not read.
    pub compose: Option<InCompose>,
    /// How the compose file says it.
    pub reference: Option<ComposeReference>,
    /// The engine; none: it was not asked or did not answer.
    pub engine: Option<ObservedImage>,
    /// What the program's members report.
    pub reported: Vec<ReportedVersion>,
    /// Why it reports nothing.
    pub silent: String,
}

impl Facts {
    /// What the verdict is made from.
    pub fn evidence(&self) -> Evidence {
        let engine = match &self.engine {
            None => InEngine::NotLooked,
            Some(seen) => match (&seen.detail, &seen.listed) {
                (Some(detail), listed) => InEngine::Container {
                    image: detail.image.clone(),
                    id: detail.image_id.clone(),
                    state: match listed {
                        Some(listed) => listed.state.clone(),
                        None if detail.running => "running".to_owned(),
                        None => "stopped".to_owned(),
                    },
                },
                // It is there, and could not be looked at.
                (None, Some(_)) => InEngine::NotLooked,
                (None, None) => InEngine::NoContainer,
            },
        };
        let mut reported: Vec<String> = self.reported.iter().map(|one| one.version.clone()).collect();
        reported.dedup();
        Evidence {
            service: self.service.clone(),
            container: self.container.clone(),
            optional: self.optional || self.reference.as_ref().is_some_and(|reference| !reference.enabled),
            pinned: self.pinned.clone(),
            compose: self.compose.clone().unwrap_or_default(),
            engine,
            tag_image_id: self
                .engine
                .as_ref()
                .and_then(|seen| seen.image.as_ref())
                .map(|image| image.id.clone()),
            reported,
        }
    }

    /// The row.
    pub fn row(self, table: &Table) -> PinRow {
        let evidence = self.evidence();
        let judged = judge(&evidence);
        let links = self.links(&evidence, &judged);
        let wanted = evidence.wanted().map(str::to_owned);
        let runs = evidence.reported.first().cloned();
        let about = wanted.as_deref().map(program).unwrap_or(&self.service).to_owned();
        let known = runs.or_else(|| wanted.as_deref().and_then(version).map(str::to_owned));
        // What does not run and need not is nobody's concern.
        let absent = judged.verdict == aether_contract::PinVerdict::Absent;
        let advisories = if absent { Vec::new() } else { table.of(&about, known.as_deref()) };
        let (detail, listed, image) = match self.engine {
            Some(seen) => (seen.detail, seen.listed, seen.image),
            None => (None, None, None),
        };
        PinRow {
            service: self.service,
            container: self.container,
            optional: evidence.optional,
            links,
            verdict: judged.verdict,
            drift: judged.verdict.is_drift(),
            words: judged.words,
            remedy: judged.remedy,
            mismatch: judged.mismatch,
            locked: wanted.is_some_and(|wanted| wanted.contains("@sha256:")),
            pinned: self.pinned,
            compose: self.reference,
            image: detail.as_ref().map(|one| one.image.clone()),
            image_id: detail.as_ref().map(|one| one.image_id.clone()),
            tag_image_id: image.as_ref().map(|one| one.id.clone()),
            digests: image.map(|one| one.digests).unwrap_or_default(),
            state: listed.map(|one| one.state),
            created: detail.map(|one| one.created).filter(|at| !at.is_empty()),
            reported: self.reported,
            advisories,
            changed: None,
        }
    }

    fn links(&self, evidence: &Evidence, judged: &Judged) -> Vec<PinLink> {
        let state =
            |kind| if judged.breaks == Some(kind) { PinLinkState::Differs } else { PinLinkState::Agrees };
        let seen = |kind, value: &str, detail: String| PinLink {
            kind,
            value: value.to_owned(),
            detail,
            state: state(kind),
        };
        let gap = |kind, detail: &str| PinLink {
            kind,
            value: String::new(),
            detail: detail.to_owned(),
            state: if judged.breaks == Some(kind) { PinLinkState::Differs } else { PinLinkState::Gap },
        };
        let pin = match &self.pinned {
            Some(pin) => seen(PinLinkKind::Pin, pin, "Pinned in the profile".to_owned()),
            None => gap(PinLinkKind::Pin, "Not pinned in the profile."),
        };
        let compose = match (&evidence.compose, &self.reference) {
            (InCompose::Says(says), Some(reference)) => {
                let place = match reference.line {
                    Some(line) => format!("{}:{line}", reference.file),
                    None => reference.file.clone(),
                };
                let written = if reference.raw == *says {
                    String::new()
                } else {
                    format!("written as {}; ", reference.raw)
                };
                let variables = reference.variables.iter().map(|one| format!("; {one}")).collect::<String>();
                let off = match (reference.enabled, reference.profiles.as_slice()) {
                    (false, profiles) => format!("; only in Compose profile {}", profiles.join(" or ")),
                    _ => String::new(),
                };
                seen(PinLinkKind::Compose, says, format!("{written}{place}{variables}{off}"))
            }
            (InCompose::Broken(why), Some(reference)) => PinLink {
                value: reference.raw.clone(),
                ..gap(PinLinkKind::Compose, &format!("Cannot resolve the reference: {why}."))
            },
            (InCompose::Built, _) => gap(PinLinkKind::Compose, "Built locally, without a named image."),
            (InCompose::NotNamed, _) => {
                gap(PinLinkKind::Compose, "Service not found in the Compose project.")
            }
            _ => gap(PinLinkKind::Compose, "The Compose file was not loaded."),
        };
        let (container, image) = match (&self.engine, &evidence.engine) {
            (Some(one), InEngine::Container { image, id, state }) => {
                let created = one.detail.as_ref().map(|detail| detail.created.as_str()).unwrap_or_default();
                let since = created.split('T').next().filter(|day| !day.is_empty());
                let since = since.map(|day| format!(", created {day}")).unwrap_or_default();
                let named = match &one.image {
                    Some(now) if now.id == *id && now.digests.is_empty() => {
                        "current image of the tag; never pulled, so it has no digest".to_owned()
                    }
                    Some(now) if now.id == *id => {
                        format!("current image of the tag; {}", now.digests.join(", "))
                    }
                    Some(now) => format!("the tag now points to {}", short(&now.id)),
                    None if !one.image_gap.is_empty() => {
                        format!("the tag's current image is unknown: {}", one.image_gap)
                    }
                    None => "the image of the tag no longer exists on the Docker host".to_owned(),
                };
                (
                    seen(PinLinkKind::Container, image, format!("{}, {state}{since}", self.container)),
                    seen(PinLinkKind::Image, short(id), named),
                )
            }
            (Some(one), _) if !one.gap.is_empty() => {
                (gap(PinLinkKind::Container, &one.gap), gap(PinLinkKind::Image, "Not available."))
            }
            (Some(_), _) => (
                gap(PinLinkKind::Container, &format!("Container {} not found.", self.container)),
                gap(PinLinkKind::Image, "No container."),
            ),
            (None, _) => (
                gap(PinLinkKind::Container, "Docker was not queried."),
                gap(PinLinkKind::Image, "Docker was not queried."),
            ),
        };
        let program = match self.reported.as_slice() {
            [] if self.silent.is_empty() => gap(PinLinkKind::Program, "No source reports its version."),
            [] => gap(PinLinkKind::Program, &self.silent),
            all => {
                let from: Vec<&str> = all.iter().map(|one| one.from.as_str()).collect();
                seen(PinLinkKind::Program, &evidence.reported.join(", "), from.join("; "))
            }
        };
        vec![pin, compose, container, image, program]
    }
}

#[cfg(test)]
mod tests {
    use aether_contract::PinVerdict;

    use super::*;

    #[test]
    fn the_link_where_the_chain_breaks_is_marked_and_a_gap_says_why() {
        let facts = Facts {
            service: "prometheus".into(),
            container: "aether-prom".into(),
            pinned: Some("prom/prometheus:v2.54.1".into()),
            engine: Some(ObservedImage {
                listed: Some(Container { state: "running".into(), ..Container::default() }),
                detail: Some(ContainerDetail {
                    image: "prom/prometheus:v2.54.1".into(),
                    image_id: "sha256:0123456789abcdef".into(),
                    created: "2026-11-20T10:00:00Z".into(),
                    ..ContainerDetail::default()
                }),
                image: Some(Image { id: "sha256:0123456789abcdef".into(), ..Image::default() }),
                ..ObservedImage::default()
            }),
            reported: vec![ReportedVersion { version: "2.42.0".into(), from: "http://a:9090".into() }],
            ..Facts::default()
        };
        let row = facts.row(&Table::default());
        assert_eq!(row.verdict, PinVerdict::OtherProgram);
        let states: Vec<PinLinkState> = row.links.iter().map(|link| link.state).collect();
        use PinLinkState::{Agrees, Differs, Gap};
        assert_eq!(states, [Agrees, Gap, Agrees, Agrees, Differs]);
        assert_eq!(row.links[1].detail, "The Compose file was not loaded.");
        assert_eq!(
            (row.links[3].value.as_str(), row.links[2].detail.as_str()),
            ("0123456789ab", "aether-prom, running, created 2026-11-20")
        );
        assert!(row.links[3].detail.contains("never pulled"));
    }

    #[test]
    fn a_container_that_could_not_be_looked_at_is_a_gap_and_no_absence() {
        let facts = Facts {
            pinned: Some("a:v1".into()),
            engine: Some(ObservedImage {
                listed: Some(Container::default()),
                gap: "Docker did not respond in time.".into(),
                ..ObservedImage::default()
            }),
            ..Facts::default()
        };
        let row = facts.row(&Table::default());
        assert_eq!(row.verdict, PinVerdict::Unknown);
        assert_eq!(row.links[2].detail, "Docker did not respond in time.");
    }
}
