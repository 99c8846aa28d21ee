//! References to images, `host:5000/name:tag@sha256:…`, taken apart and compared. Pure.

/// The tag, without what may stand before a slash or after an `@`.
pub fn tag(image: &str) -> Option<&str> {
    let name = image.split('@').next()?;
    name.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/') && !tag.is_empty())
}

/// The digest; empty where there is none.
pub fn digest(image: &str) -> &str {
    image.split_once('@').map(|(_, digest)| digest).unwrap_or_default()
}

/// The name without its tag and digest.
pub fn bare(image: &str) -> &str {
    let name = image.split('@').next().unwrap_or_default();
    match tag(name) {
        Some(tag) => name.strip_suffix(tag).unwrap_or(name).trim_end_matches(':'),
        None => name,
    }
}

/// The version in a tag; none if the tag is not a version.
pub fn version(image: &str) -> Option<&str> {
    let tag = tag(image)?;
    let plain = tag.strip_prefix('v').unwrap_or(tag);
    plain.starts_with(|first: char| first.is_ascii_digit()).then_some(plain)
}

/// The last part of the name: `prom/blackbox-exporter:v1` → `blackbox-exporter`.
pub fn program(image: &str) -> &str {
    bare(image).rsplit('/').next().unwrap_or_default()
}

/// Whether two names mean one image, as far as names tell: with a digest on both sides, Docker ignores the
/// tags. Podman writes out what Docker leaves away, and `localhost/` before what was built on its machine.
pub fn same(a: &str, b: &str) -> bool {
    if repository(a) != repository(b) {
        return false;
    }
    match (digest(a), digest(b)) {
        ("", _) | (_, "") => tag(a).unwrap_or("latest") == tag(b).unwrap_or("latest"),
        (a, b) => a == b,
    }
}

/// The name without what engines leave away or write out.
fn repository(image: &str) -> &str {
    let name = bare(image);
    let hosts = ["docker.io/", "index.docker.io/", "localhost/"];
    let name = hosts.iter().find_map(|host| name.strip_prefix(host)).unwrap_or(name);
    name.strip_prefix("library/").unwrap_or(name)
}

/// A short image ID such as `0123456789ab`.
pub fn short(id: &str) -> &str {
    let plain = id.strip_prefix("sha256:").unwrap_or(id);
    plain.get(..12).unwrap_or(plain)
}

/// What changes from one reference to the other, where a digest is involved. Pure.
pub fn difference(old: &str, new: &str) -> Option<String> {
    let (before, after) = (digest(old), digest(new));
    if old == new || (before.is_empty() && after.is_empty()) {
        return None;
    }
    let tags = || {
        let name = |image| tag(image).unwrap_or("none").to_owned();
        (tag(old) != tag(new)).then(|| format!("from {} to {}", name(old), name(new)))
    };
    let other_name = !same(bare(old), bare(new));
    Some(match (before, after, tags()) {
        _ if other_name => {
            format!(
                "The image name changes from {} to {}, so the digests are of different images.",
                bare(old),
                bare(new)
            )
        }
        ("", _, None) => {
            "Only the digest is added. The image stays the same as long as the tag points to that digest."
                .to_owned()
        }
        ("", _, Some(tags)) => format!("The tag changes {tags}, and a digest is added."),
        (_, "", None) => "The digest is removed: from now on the tag decides which image runs.".to_owned(),
        (_, "", Some(tags)) => {
            format!(
                "The tag changes {tags}, and the digest is removed: from now on the tag decides which image runs."
            )
        }
        (before, after, Some(tags)) if before == after => {
            format!(
                "Only the tag changes, {tags}. The digest stays the same, and so does the image that runs."
            )
        }
        (_, _, Some(tags)) => {
            format!("Both the tag and the digest change, the tag {tags}. A different image will run.")
        }
        (_, _, None) => "Only the digest changes, under the same tag. A different image will run.".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_image_are_told_from_names_of_another() {
        for (a, b, wanted) in [
            ("prom/prometheus:v1", "docker.io/prom/prometheus:v1", true),
            ("redis", "docker.io/library/redis:latest", true),
            ("prom/prometheus:v1", "localhost/prom/prometheus:v1", true),
            ("localhost:5000/a:v1", "a:v1", false),
            ("a/b:v1@sha256:11", "a/b:v1", true),
            ("a/b:v1@sha256:11", "a/b:v2@sha256:11", true),
            ("a/b@sha256:11", "a/b:v1@sha256:11", true),
            ("a/b:v1@sha256:11", "a/b:v1@sha256:22", false),
            ("a/b:v1", "a/b:v2", false),
            ("a/b:v1", "c/b:v1", false),
            ("host:5000/b", "host:5000/b:latest", true),
            ("ghcr.io/a/b:v1", "a/b:v1", false),
        ] {
            assert_eq!(same(a, b), wanted, "{a} {b}");
        }
    }

    #[test]
    fn a_reference_is_taken_apart() {
        let whole = "quay.io:443/prom/blackbox-exporter:v0.24.0@sha256:1";
        assert_eq!((tag(whole), digest(whole)), (Some("v0.24.0"), "sha256:1"));
        assert_eq!(
            (bare(whole), program(whole)),
            ("quay.io:443/prom/blackbox-exporter", "blackbox-exporter")
        );
        assert_eq!(
            (version(whole), version("host:5000/a"), version("a:latest")),
            (Some("0.24.0"), None, None)
        );
        assert_eq!(
            (bare("host:5000/a"), short("sha256:0123456789abcdef"), short("ab")),
            ("host:5000/a", "0123456789ab", "ab")
        );
    }

    #[test]
    fn what_changes_of_a_reference_with_a_digest_is_told_as_what_it_is() {
        let (one, two) = (format!("@sha256:{}", "1".repeat(64)), format!("@sha256:{}", "2".repeat(64)));
        let told = |old: &str, new: &str| difference(old, new).unwrap_or_default();
        for (old, new, expected) in [
            ("a:v1".to_owned(), "a:v2".to_owned(), ""),
            ("a:v1".to_owned(), format!("a:v1{one}"), "Only the digest is added"),
            ("a:v1".to_owned(), format!("a:v2{one}"), "The tag changes from v1 to v2, and a digest is added"),
            (
                format!("a:v1{one}"),
                format!("a:v2{two}"),
                "Both the tag and the digest change, the tag from v1 to v2",
            ),
            (format!("a:v1{one}"), format!("a:v1{two}"), "Only the digest changes, under the same tag"),
            (format!("a:v1{one}"), format!("a:v2{one}"), "Only the tag changes, from v1 to v2"),
            (format!("a:v1{one}"), "a:v1".to_owned(), "The digest is removed"),
            (
                format!("a:v1{one}"),
                "a:v2".to_owned(),
                "The tag changes from v1 to v2, and the digest is removed",
            ),
            (format!("a:v1{one}"), format!("b:v2{two}"), "The image name changes from a to b"),
            (format!("a{one}"), format!("a:v2{two}"), "the tag from none to v2"),
            (format!("a:v1{one}"), format!("docker.io/a:v1{two}"), "Only the digest changes"),
        ] {
            let text = told(&old, &new);
            assert!(text.contains(expected) && text.is_empty() == expected.is_empty(), "{old} {new}: {text}");
        }
    }
}
