//! Entry points for fuzzing stack profiles and filters. Each takes any bytes
//! and asserts what must hold for all of them, which is more than that nothing panics.
//!
//! Compiled by cargo-fuzz, which sets `cfg(fuzzing)`, and in tests, which run every seed. The fuzz targets are in
//! `fuzz/`.

use std::{collections::BTreeMap, path::Path};

use aether_contract::StackSaveRequest;

use crate::{
    matching::{
        filter::{self, Filter},
        matcher::{self, Compiled, push_labels},
    },
    stack::{Profile, edit::apply},
};

/// Cuts the input of a target that needs several texts, at lines of `%%%%`.
pub fn sections(data: &[u8]) -> Option<Vec<&str>> {
    let text = std::str::from_utf8(data).ok()?;
    Some(text.split("%%%%\n").collect())
}

/// A stack's profile.
pub fn profile(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let path = Path::new("/stacks/fuzz.toml");
    let profile = match Profile::parse(text, path) {
        Ok(profile) => profile,
        Err(error) => {
            assert!(error.message.contains("line "), "{error:?} names no line");
            return;
        }
    };
    let endpoints = [&profile.prometheus, &profile.alertmanager, &profile.grafana];
    for url in endpoints.iter().flat_map(|endpoint| &endpoint.urls) {
        let parsed = url::Url::parse(url);
        assert!(parsed.is_ok_and(|url| url.username().is_empty() && url.password().is_none()), "{url}");
    }
    let detail = profile.detail();
    let unchanged = StackSaveRequest {
        name: detail.name,
        tenant_label: detail.tenant_label,
        vip_tenants: detail.vip_tenants,
        heartbeat: detail.heartbeat,
        prometheus: detail.prometheus,
        alertmanager: detail.alertmanager,
        grafana: detail.grafana,
        checks: Some(detail.checks),
        select: false,
    };
    let saved = apply(Some(text), &unchanged, path);
    let read = saved.as_ref().map(|saved| Profile::parse(saved, path));
    assert_eq!(read, Ok(Ok(profile)), "saving without a change made {saved:?} of {text:?}");
}

/// A filter line, then the labels that it is applied to: lines of `name=value`.
pub fn filter(data: &[u8]) {
    let Some(sections) = sections(data) else { return };
    let (line, rest) =
        (sections.first().copied().unwrap_or_default(), sections.get(1).copied().unwrap_or_default());
    let labels: BTreeMap<String, String> = rest
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut haystack = String::new();
    push_labels(&mut haystack, &labels);
    if let Ok(filter) = Filter::parse(line) {
        let passes = filter.passes_labels(&labels);
        assert!(passes || !filter.is_empty(), "an empty filter hides an alert");
    }
    let Ok(matchers) = filter::matchers(line) else { return };
    for one in &matchers {
        let text = matcher::text(one);
        // Quoting makes a line longer, and there is a limit to what is read.
        if text.len() <= 4096 {
            assert_eq!(filter::matchers(&text).as_deref(), Ok(std::slice::from_ref(one)), "{text}");
        }
        if let Ok(compiled) = Compiled::new(one) {
            assert_eq!(compiled.matches(&labels), compiled.matches_text(&haystack, &labels), "{text}");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::run_seeds;

    #[test]
    fn every_seed_passes_its_fuzz_target() {
        for (name, target) in
            [("profile", super::profile as fn(&[u8])), ("filter", super::filter as fn(&[u8]))]
        {
            run_seeds(name, target);
        }
    }
}
