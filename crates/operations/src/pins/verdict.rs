//! What the links of a service's chain say together. Pure: a verdict is a function of the evidence and of nothing else.

use aether_contract::{PinLinkKind, PinVerdict, VersionMismatch};

use super::image::{bare, same, tag, version};
use aether_foundation::{shell::local, text::capital};

/// What the compose file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum InCompose {
    /// It was not read.
    #[default]
    NotRead,
    /// It does not name the service.
    NotNamed,
    /// The service is built here and has no image of a name.
    Built,
    /// Its reference can't be resolved, with the reason.
    Broken(String),
    /// Its reference, resolved.
    Says(String),
}

/// What the engine says of the container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum InEngine {
    /// It was not asked, or did not answer.
    #[default]
    NotLooked,
    /// It has no such container.
    NoContainer,
    /// It has it.
    Container {
        /// Image as it was named when the container was made.
        image: String,
        /// Id of that image.
        id: String,
        /// `running`, `exited`, …
        state: String,
    },
}

/// What was seen of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Service in the compose file.
    pub service: String,
    /// Container's name.
    pub container: String,
    /// Whether it need not run.
    pub optional: bool,
    /// The profile's pin.
    pub pinned: Option<String>,
    /// The compose file.
    pub compose: InCompose,
    /// The engine.
    pub engine: InEngine,
    /// Id of the image that the wanted reference names on the engine now.
    pub tag_image_id: Option<String>,
    /// Versions that the program's members report.
    pub reported: Vec<String>,
}

impl Evidence {
    /// The reference that is to run: the compose file's, for that is what a start would take; else the pin.
    pub fn wanted(&self) -> Option<&str> {
        match &self.compose {
            InCompose::Says(reference) => Some(reference),
            _ => self.pinned.as_deref(),
        }
    }
}

/// A verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// In a word.
    pub verdict: PinVerdict,
    /// In words.
    pub words: String,
    /// What to do; may be empty.
    pub remedy: String,
    /// The link where the chain breaks.
    pub breaks: Option<PinLinkKind>,
    /// The ways out of a version mismatch.
    pub mismatch: Option<VersionMismatch>,
}

/// Whether a program of this version is one of this tag: `2.54` and `2.54.1-distroless` are both of 2.54.1.
fn is_of(tag: &str, reported: &str) -> bool {
    let reported = reported.strip_prefix('v').unwrap_or(reported);
    let leads = |long: &str, short: &str, next: &[char]| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(next))
    };
    leads(reported, tag, &['.', '+']) || leads(tag, reported, &['-'])
}

/// Whether Compose runs the service, as far as can be seen.
fn in_compose(seen: &Evidence) -> bool {
    matches!(seen.compose, InCompose::Says(_) | InCompose::Built | InCompose::Broken(_))
}

/// Another version, written as the tag has its own: with `v` and the variant behind it.
fn like(tag: &str, named: &str, version: &str) -> String {
    let version = version.strip_prefix('v').unwrap_or(version);
    // A build's own suffix is part of no tag.
    let version = version.split(['+', '-']).next().unwrap_or(version);
    let name = tag.split('@').next().unwrap_or(tag);
    let prefix = if name.starts_with('v') { "v" } else { "" };
    let variant = named.find('-').and_then(|at| named.get(at..)).unwrap_or_default();
    format!("{prefix}{version}{variant}")
}

/// Whether a version is older than another, number by number.
fn is_older(a: &str, b: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let core = text.split(['-', '+']).next().unwrap_or_default();
        core.split('.').map_while(|part| part.parse().ok()).collect()
    };
    numbers(a) < numbers(b)
}

/// The verdict, in words, and what to do.
pub fn judge(seen: &Evidence) -> Judged {
    let done = |verdict, words: String, remedy: String, breaks| Judged {
        verdict,
        words,
        remedy,
        breaks,
        mismatch: None,
    };
    let service = local(&seen.service);
    let wanted = seen.wanted();
    // A server that is only an address, or that another supervisor runs, has no Compose command.
    let recreate = if in_compose(seen) {
        format!("docker compose up -d {service}")
    } else {
        format!("Run {} on its host, then refresh.", wanted.unwrap_or(&seen.container))
    };
    if let (InCompose::Says(says), Some(pin)) = (&seen.compose, &seen.pinned)
        && !same(says, pin)
    {
        let runs = matches!(&seen.engine, InEngine::Container { image, .. } if same(image, says));
        let remedy = format!("aetherctl pins update {service} {}", local(pin));
        let remedy =
            if runs { format!("Update the pin of the profile to {says}, or run: {remedy}") } else { remedy };
        let words = format!("The Compose file has {says}, but the profile pins {pin}.");
        return done(PinVerdict::OtherReference, words, remedy, Some(PinLinkKind::Compose));
    }
    if let (InEngine::Container { image, id, state }, Some(wanted)) = (&seen.engine, wanted) {
        if !same(image, wanted) {
            let words =
                format!("The container runs {image}, but {wanted} is required; it was not recreated.");
            return done(PinVerdict::OtherImage, words, recreate, Some(PinLinkKind::Container));
        }
        if state != "running" {
            let words = format!("Container {} is not running: its state is {state}.", seen.container);
            return done(PinVerdict::NotRunning, words, recreate, Some(PinLinkKind::Container));
        }
        if seen.tag_image_id.as_ref().is_some_and(|now| now != id) {
            let words = format!("{wanted} now points to a different image than the container runs.");
            return done(PinVerdict::Recreate, words, recreate, Some(PinLinkKind::Image));
        }
    }
    let named = wanted.and_then(version);
    if let (Some(named), Some(wanted)) = (named, wanted)
        && let Some(other) = seen.reported.iter().find(|says| !is_of(named, says))
    {
        let tag = tag(wanted).unwrap_or(named);
        let words = format!("Runs {other}, pinned {tag}.");
        let command = in_compose(seen).then(|| match (&seen.engine, &seen.tag_image_id) {
            // The container is of that very image: making it again changes nothing.
            (InEngine::Container { .. }, Some(_)) => {
                format!("docker compose pull {service} && docker compose up -d {service}")
            }
            _ => recreate.clone(),
        });
        let remedy = match (&command, &seen.engine, &seen.tag_image_id) {
            (Some(command), InEngine::Container { .. }, Some(_)) => format!(
                "Check that the address leads to this container. If it does, the image does not match its \
                    tag; it may have been built locally. Then run: {command}"
            ),
            _ => recreate,
        };
        let judged = done(PinVerdict::OtherProgram, words, remedy, Some(PinLinkKind::Program));
        let mismatch = VersionMismatch {
            runs: other.clone(),
            pinned: tag.to_owned(),
            image: format!("{}:{}", bare(wanted), like(tag, named, other)),
            recreate: command,
            downgrade: is_older(named, other),
        };
        return Judged { mismatch: Some(mismatch), ..judged };
    }
    if let Some(wanted) = wanted.filter(|wanted| named.is_none() && !wanted.contains('@')) {
        let what =
            tag(wanted).map_or_else(|| "has no tag".to_owned(), |tag| format!("uses the mutable tag {tag}"));
        let remedy = format!(
            "Pin a version: aetherctl pins update {service} {}",
            local(&format!("{}:VERSION", bare(wanted)))
        );
        let breaks =
            if matches!(seen.compose, InCompose::Says(_)) { PinLinkKind::Compose } else { PinLinkKind::Pin };
        return done(PinVerdict::Floating, format!("{wanted} {what}."), remedy, Some(breaks));
    }
    let says = match seen.reported.as_slice() {
        [] => "the running version is unknown".to_owned(),
        all => format!("the reported version is {}", all.join(", ")),
    };
    if let InCompose::Broken(why) = &seen.compose {
        let words = format!("Cannot resolve the reference in the Compose file: {why}; {says}.");
        return done(PinVerdict::Unknown, words, String::new(), Some(PinLinkKind::Compose));
    }
    let unpinned = |words: String| match seen.pinned {
        Some(_) => done(PinVerdict::Agrees, words, String::new(), None),
        None => {
            let remedy = "Add a pin for it to the profile.".to_owned();
            done(PinVerdict::Unpinned, format!("Not pinned in the profile. {words}"), remedy, None)
        }
    };
    match (&seen.engine, seen.reported.is_empty()) {
        (InEngine::Container { image, .. }, _) if wanted.is_none() => {
            let built = if seen.compose == InCompose::Built { "Built locally. " } else { "" };
            unpinned(format!("{built}The container runs {image}; {says}."))
        }
        (InEngine::Container { .. }, _) => {
            unpinned(format!("The container runs the required image; {says}."))
        }
        (InEngine::NoContainer, false) => {
            unpinned(format!("{}; container {} not found.", capital(&says), seen.container))
        }
        (InEngine::NoContainer, true) if seen.optional || seen.pinned.is_none() => {
            done(PinVerdict::Absent, "Optional and not running.".to_owned(), String::new(), None)
        }
        (InEngine::NoContainer, true) => {
            let words = format!("Container {} not found, and the service is unreachable.", seen.container);
            done(PinVerdict::Missing, words, recreate, Some(PinLinkKind::Container))
        }
        (InEngine::NotLooked, false) => {
            unpinned(format!("{}; the container was not inspected.", capital(&says)))
        }
        (InEngine::NotLooked, true) => done(
            PinVerdict::Unknown,
            "Neither the container nor the service could be inspected.".to_owned(),
            String::new(),
            None,
        ),
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
