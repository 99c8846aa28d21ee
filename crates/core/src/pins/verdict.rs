//! What the links of a pin say together. Pure.

use aether_contract::PinVerdict;

/// What was seen of a pinned service.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// Service in the compose file.
    pub service: String,
    /// Container's name.
    pub container: String,
    /// The profile's pin.
    pub pinned: String,
    /// Whether the engine was asked, and answered.
    pub looked: bool,
    /// The container: its image as it was named, that image's id, whether it runs.
    pub seen: Option<(String, String, bool)>,
    /// Id of the image that the pin names now.
    pub tag_image_id: Option<String>,
    /// Versions that the program's members report.
    pub reported: Vec<String>,
}

/// The tag of an image's name, without what may stand before a slash or after an `@`.
fn tag(image: &str) -> Option<&str> {
    let name = image.split('@').next()?;
    name.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/') && !tag.is_empty())
}

/// The version that a tag names; none for a tag that is no version.
fn version(image: &str) -> Option<&str> {
    let tag = tag(image)?;
    let bare = tag.strip_prefix('v').unwrap_or(tag);
    bare.starts_with(|first: char| first.is_ascii_digit()).then_some(bare)
}

/// Whether a program of this version is one of this tag: `2.54` and `2.54.1-distroless` are both of 2.54.1.
fn is_of(tag: &str, reported: &str) -> bool {
    let reported = reported.strip_prefix('v').unwrap_or(reported);
    let leads = |long: &str, short: &str, next: &[char]| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(next))
    };
    leads(reported, tag, &['.', '+']) || leads(tag, reported, &['-'])
}

/// Whether two names mean one image, as far as names tell.
fn same_image(a: &str, b: &str) -> bool {
    let split = |image: &str| {
        let bare = image.trim_start_matches("docker.io/").trim_start_matches("library/");
        let (name, digest) = bare.split_once('@').unwrap_or((bare, ""));
        let name = if tag(name).is_none() { format!("{name}:latest") } else { name.to_owned() };
        (name, digest.to_owned())
    };
    let ((a, a_digest), (b, b_digest)) = (split(a), split(b));
    a == b && (a_digest.is_empty() || b_digest.is_empty() || a_digest == b_digest)
}

/// The verdict, in words, and what to do.
pub fn judge(seen: &Evidence) -> (PinVerdict, String, String) {
    let recreate = format!("docker compose up -d {}", seen.service);
    let done = |verdict, words: String, remedy: &str| (verdict, words, remedy.to_owned());
    if let Some((image, id, running)) = &seen.seen {
        if !same_image(image, &seen.pinned) {
            let words = format!("The container is of {image}, pinned is {}.", seen.pinned);
            return done(PinVerdict::OtherImage, words, &recreate);
        }
        if !running {
            let words = format!("The container {} does not run.", seen.container);
            return done(PinVerdict::NotRunning, words, &recreate);
        }
        if seen.tag_image_id.as_ref().is_some_and(|now| now != id) {
            let words = format!("{} is another image by now than the container was made from.", seen.pinned);
            return done(PinVerdict::Recreate, words, &recreate);
        }
    }
    let wanted = version(&seen.pinned);
    if let Some(wanted) = wanted
        && let Some(other) = seen.reported.iter().find(|says| !is_of(wanted, says))
    {
        let tag = tag(&seen.pinned).unwrap_or(wanted);
        let words = format!("The tag says {tag}, the program says {other}.");
        // The container is of that very image: making it again changes nothing.
        let remedy = if seen.seen.is_some() && seen.tag_image_id.is_some() {
            format!("docker compose pull {0} && docker compose up -d {0}", seen.service)
        } else {
            recreate
        };
        return (PinVerdict::OtherProgram, words, remedy);
    }
    if wanted.is_none() && !seen.pinned.contains('@') {
        let what = tag(&seen.pinned)
            .map_or_else(|| "has no tag".to_owned(), |tag| format!("has the tag {tag}, which moves"));
        let remedy = "Pin a version: image = \"NAME:VERSION\" of [[pins]] in the profile.";
        return done(PinVerdict::Floating, format!("{} {what}.", seen.pinned), remedy);
    }
    let says = match seen.reported.as_slice() {
        [] => "its version was not read from the program".to_owned(),
        all => format!("the program says {}", all.join(", ")),
    };
    match (&seen.seen, seen.looked, seen.reported.is_empty()) {
        (Some(_), _, _) => {
            done(PinVerdict::Agrees, format!("The container is of the pinned image; {says}."), "")
        }
        (None, true, _) => {
            done(PinVerdict::Absent, format!("There is no container {}; {says}.", seen.container), "")
        }
        (None, false, false) => {
            done(PinVerdict::Agrees, format!("{}; the container was not looked at.", capital(&says)), "")
        }
        (None, false, true) => {
            done(PinVerdict::Unknown, "Neither the container nor the program could be seen.".to_owned(), "")
        }
    }
}

fn capital(text: &str) -> String {
    let mut all = text.chars();
    all.next().map(|first| first.to_uppercase().chain(all).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use PinVerdict::*;

    #[test]
    fn every_combination_of_evidence_has_its_verdict() {
        const PIN: &str = "prom/prometheus:v2.54.1";
        // Container's image, whether it runs, what the tag names now; looked; reported; the pin.
        let one = |pin: &str, looked, container: Option<(&str, bool)>, now: Option<&str>, says: &[&str]| {
            judge(&Evidence {
                service: "prometheus".into(),
                container: "aether-prom".into(),
                pinned: pin.into(),
                looked,
                seen: container.map(|(image, running)| (image.to_owned(), "sha256:1".to_owned(), running)),
                tag_image_id: now.map(str::to_owned),
                reported: says.iter().map(|&says| says.to_owned()).collect(),
            })
        };
        let mut table = 0;
        for says in [&[][..], &["2.54.1"], &["2.42.0"], &["2.54.1", "2.42.0"]] {
            for now in [None, Some("sha256:1"), Some("sha256:2")] {
                for (image, running) in [
                    (PIN, true),
                    (PIN, false),
                    ("prom/prometheus:v2.42.0", true),
                    ("prom/prometheus:v2.42.0", false),
                ] {
                    let wanted = if image != PIN {
                        OtherImage
                    } else if !running {
                        NotRunning
                    } else if now == Some("sha256:2") {
                        Recreate
                    } else if says.contains(&"2.42.0") {
                        OtherProgram
                    } else {
                        Agrees
                    };
                    assert_eq!(
                        one(PIN, true, Some((image, running)), now, says).0,
                        wanted,
                        "{image} {running} {now:?} {says:?}"
                    );
                    table += 1;
                }
                for looked in [true, false] {
                    let wanted = match (says.contains(&"2.42.0"), looked, says.is_empty()) {
                        (true, _, _) => OtherProgram,
                        (false, true, _) => Absent,
                        (false, false, true) => Unknown,
                        (false, false, false) => Agrees,
                    };
                    assert_eq!(one(PIN, looked, None, now, says).0, wanted, "no container {looked} {says:?}");
                    table += 1;
                }
            }
        }
        assert_eq!(table, 72);
        for floating in ["prom/prometheus", "prom/prometheus:latest", "host:5000/prom", "x/y:main"] {
            for container in [None, Some((floating, true))] {
                assert_eq!(one(floating, true, container, None, &["2.54.1"]).0, Floating, "{floating}");
            }
        }
        assert_eq!(one("x/y@sha256:ab", true, Some(("x/y@sha256:ab", true)), None, &[]).0, Agrees);
        assert_eq!(one("x/y:v1@sha256:ab", true, Some(("x/y:v1@sha256:cd", true)), None, &[]).0, OtherImage);
    }

    #[test]
    fn another_program_than_the_tag_is_told_in_both_versions() {
        let (_, words, _) = judge(&Evidence {
            pinned: "prom/prometheus:v2.54.1".into(),
            reported: vec!["2.42.0".into()],
            ..Evidence::default()
        });
        assert_eq!(words, "The tag says v2.54.1, the program says 2.42.0.");
    }

    #[test]
    fn a_suffix_or_a_short_tag_is_no_drift() {
        for (tag, says, is) in [
            ("2.54.1", "2.54.1", true),
            ("2.54.1-distroless", "2.54.1", true),
            ("2.54", "2.54.1", true),
            ("11.2.0", "11.2.0+security-01", true),
            ("2.5", "2.54.1", false),
            ("2.54.1", "2.54.10", false),
            ("2.54.10", "2.54.1", false),
            ("2.54.1", "2.54.1-rc.0", false),
        ] {
            assert_eq!(is_of(tag, says), is, "{tag} {says}");
        }
    }
}
