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
}
