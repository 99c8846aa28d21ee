//! Entry points for fuzzing what servers send. Each takes any bytes and asserts what must hold for all of them.
//!
//! Compiled by cargo-fuzz, which sets `cfg(fuzzing)`, and in tests, which run every seed. The fuzz targets are in
//! `fuzz/`.

use serde_json::Value;

use crate::{
    alertmanager::reload::facts,
    docker::{Container, ContainerDetail, Image},
    exposition,
    grafana::{
        GrafanaOrg, HealthWire, SavedDashboard, SearchHit,
        library::{LibraryReply, dashboard_count, segment},
    },
    prometheus::flavour,
    reply::{Expected, read, words},
};

/// JSON of the Docker Engine API: a list of containers, a container, an image, an error.
pub fn docker(data: &[u8]) {
    if let Ok(list) = serde_json::from_slice::<Vec<bollard::models::ContainerSummary>>(data) {
        let count = list.len();
        let containers: Vec<Container> = list.into_iter().map(Container::from).collect();
        assert_eq!(containers.len(), count, "a container was lost");
    }
    if let Ok(found) = serde_json::from_slice::<bollard::models::ContainerInspectResponse>(data) {
        let mounts = found.mounts.as_ref().map_or(0, Vec::len);
        let detail = ContainerDetail::from(found);
        assert_eq!(detail.mounts.len(), mounts, "a mount was lost");
        for flag in ["storage.tsdb.path", "config.file", ""] {
            if let Some(value) = detail.flag(flag) {
                assert!(
                    detail.command.iter().any(|word| word.ends_with(value)),
                    "{value:?} is not in the command"
                );
            }
        }
    }
    if let Ok(found) = serde_json::from_slice::<bollard::models::ImageInspect>(data) {
        let tags = found.repo_tags.clone().unwrap_or_default();
        assert_eq!(Image::from(found).tags, tags);
    }
}

/// Replies of Grafana, read as each type that is expected of it.
pub fn grafana(data: &[u8]) {
    let _ = read::<HealthWire>(data, Expected::Object("database"));
    let _ = read::<GrafanaOrg>(data, Expected::Object("id"));
    let _ = read::<SavedDashboard>(data, Expected::Object("uid"));
    if let Ok(reply) = read::<LibraryReply>(data, Expected::Object("result")) {
        for element in reply.result.elements {
            // What is kept in a backup must be what was read.
            let text = element.to_string();
            assert_eq!(read::<Value>(text.as_bytes(), Expected::List), Ok(element));
        }
    }
    if let Ok(hits) = read::<Vec<SearchHit>>(data, Expected::List) {
        for hit in hits {
            let segment = segment(&hit.uid);
            assert!(!segment.contains(['/', '?', '#', '.', '\\']), "{segment} leads to another path");
        }
    }
    match words(data) {
        Some(words) => assert!(words.len() <= data.len() * 3 + 32, "a reply grew while it was read"),
        None => assert!(!String::from_utf8_lossy(data).trim().starts_with('<'), "a page has words"),
    }
}

/// The text format of `/metrics`: as it came, and as a server would write `data` as a label value.
pub fn openmetrics(data: &[u8]) {
    let _ = (facts(data), flavour(data), dashboard_count(data));
    for metric in ["loki_build_info", "grafana_build_info", ""] {
        if let Some(value) = exposition::label(data, metric, "version") {
            assert!(value.chars().count() <= 200, "a label value is longer than its limit");
        }
    }
    let value = String::from_utf8_lossy(data);
    let mut escaped = String::new();
    for c in value.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str("\\n"),
            c => escaped.push(c),
        }
    }
    let body =
        format!("# TYPE a_build_info gauge\na_build_info{{note=\"{escaped}\",version=\"{escaped}\"}} 1\n");
    let expected: String = value.chars().take(200).collect();
    assert_eq!(exposition::label(body.as_bytes(), "a_build_info", "version"), Some(expected));
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn every_seed_for_server_replies_passes_its_fuzz_target() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
        type Target = (&'static str, fn(&[u8]));
        let targets: [Target; 3] = [("docker", docker), ("grafana", grafana), ("openmetrics", openmetrics)];
        for (name, target) in targets {
            let mut count = 0;
            for entry in fs::read_dir(seeds.join(name)).unwrap() {
                target(&fs::read(entry.unwrap().path()).unwrap());
                count += 1;
            }
            assert!(count >= 3, "{name} has only {count} seeds");
        }
    }
}
