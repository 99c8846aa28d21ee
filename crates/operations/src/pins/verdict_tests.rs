use aether_contract::PinVerdict::*;

use super::*;

const PIN: &str = "prom/prometheus:v2.54.1";
const OTHER: &str = "prom/prometheus:v2.42.0";

/// The verdict as the table of the documentation has it, written a second time: the first line that holds.
fn expected(seen: &Evidence) -> PinVerdict {
    let compose = match &seen.compose {
        InCompose::Says(says) => Some(says.as_str()),
        _ => None,
    };
    let pinned = seen.pinned.as_deref();
    let wanted = compose.or(pinned);
    let container = match &seen.engine {
        InEngine::Container { image, id, state } => Some((image.as_str(), id.as_str(), state.as_str())),
        _ => None,
    };
    let rows = [
        (compose.is_some() && pinned.is_some() && compose != pinned, OtherReference),
        (wanted.is_some() && container.is_some_and(|(image, ..)| Some(image) != wanted), OtherImage),
        (wanted.is_some() && container.is_some_and(|(_, _, state)| state != "running"), NotRunning),
        (
            wanted.is_some()
                && container
                    .is_some_and(|(_, id, _)| seen.tag_image_id.as_ref().is_some_and(|now| now != id)),
            Recreate,
        ),
        (
            wanted.is_some_and(|wanted| {
                seen.reported.iter().any(|says| !wanted.ends_with(&format!("v{says}")))
            }) && wanted != Some("prom/prometheus:latest"),
            OtherProgram,
        ),
        (wanted == Some("prom/prometheus:latest"), Floating),
        (matches!(seen.compose, InCompose::Broken(_)), Unknown),
        (container.is_some() || !seen.reported.is_empty(), if pinned.is_some() { Agrees } else { Unpinned }),
        (seen.engine == InEngine::NotLooked, Unknown),
        (seen.optional || pinned.is_none(), Absent),
        (true, Missing),
    ];
    rows.into_iter().find(|(holds, _)| *holds).unwrap().1
}

#[test]
fn every_combination_of_evidence_has_its_verdict() {
    let says = |image: &str| InCompose::Says(image.to_owned());
    let container = |image: &str, id: &str, state: &str| InEngine::Container {
        image: image.to_owned(),
        id: id.to_owned(),
        state: state.to_owned(),
    };
    let floating = "prom/prometheus:latest";
    let mut seen = std::collections::BTreeMap::new();
    let mut table = 0;
    for optional in [false, true] {
        for pinned in [None, Some(PIN), Some(floating)] {
            for compose in [
                InCompose::NotRead,
                InCompose::NotNamed,
                InCompose::Built,
                InCompose::Broken("TAG has to be set".into()),
                says(PIN),
                says(OTHER),
                says(floating),
            ] {
                for engine in [
                    InEngine::NotLooked,
                    InEngine::NoContainer,
                    container(PIN, "sha256:1", "running"),
                    container(PIN, "sha256:1", "exited"),
                    container(OTHER, "sha256:1", "running"),
                    container(OTHER, "sha256:1", "restarting"),
                    container(floating, "sha256:1", "running"),
                ] {
                    for tag_image_id in [None, Some("sha256:1"), Some("sha256:2")] {
                        for reported in [&[][..], &["2.54.1"], &["2.42.0"], &["2.54.1", "2.42.0"]] {
                            let evidence = Evidence {
                                service: "prometheus".into(),
                                container: "aether-prom".into(),
                                optional,
                                pinned: pinned.map(str::to_owned),
                                compose: compose.clone(),
                                engine: engine.clone(),
                                tag_image_id: tag_image_id.map(str::to_owned),
                                reported: reported.iter().map(|&one| one.to_owned()).collect(),
                            };
                            let judged = judge(&evidence);
                            assert_eq!(judged.verdict, expected(&evidence), "{evidence:#?}");
                            assert!(
                                judged.words.ends_with('.') && !judged.words.contains("  "),
                                "{judged:?}"
                            );
                            // Whoever is told of a drift is told where, and what to do.
                            if judged.verdict.is_drift() {
                                assert!(judged.breaks.is_some() && !judged.remedy.is_empty(), "{judged:?}");
                            }
                            *seen.entry(judged.verdict).or_insert(0) += 1;
                            table += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(table, 2 * 3 * 7 * 7 * 3 * 4);
    assert_eq!(seen.len(), 11, "every verdict comes up: {seen:?}");
}

#[test]
fn a_program_that_is_not_what_its_tag_says_is_told_in_so_many_words() {
    let evidence = Evidence {
        service: "prometheus".into(),
        container: "aether-prom".into(),
        pinned: Some(PIN.into()),
        compose: InCompose::Says(PIN.into()),
        engine: InEngine::Container { image: PIN.into(), id: "sha256:1".into(), state: "running".into() },
        tag_image_id: Some("sha256:1".into()),
        reported: vec!["2.42.0".into()],
        ..Evidence::default()
    };
    let judged = judge(&evidence);
    assert_eq!(judged.words, "Runs 2.42.0, pinned v2.54.1.");
    assert!(judged.remedy.contains("pull prometheus"), "up alone would change nothing: {judged:?}");
    let without = Evidence { engine: InEngine::NotLooked, tag_image_id: None, ..evidence };
    assert_eq!(judge(&without).remedy, "docker compose up -d prometheus");
}

#[test]
fn a_version_mismatch_has_both_ways_out_and_compose_only_where_it_runs_the_service() {
    let evidence = |compose: InCompose, pin: &str, runs: &str| Evidence {
        service: "prometheus".into(),
        container: "aether-prom".into(),
        pinned: Some(pin.into()),
        compose,
        reported: vec![runs.into()],
        ..Evidence::default()
    };
    let judged = judge(&evidence(InCompose::Says(PIN.into()), PIN, "3.16.0"));
    let mismatch = judged.mismatch.unwrap();
    assert_eq!(judged.words, "Runs 3.16.0, pinned v2.54.1.");
    assert_eq!(mismatch.image, "prom/prometheus:v3.16.0");
    assert_eq!(mismatch.recreate.as_deref(), Some("docker compose up -d prometheus"));
    assert!(mismatch.downgrade);
    // An address, or a service of systemd: no Compose command anywhere.
    for compose in [InCompose::NotRead, InCompose::NotNamed] {
        let judged = judge(&evidence(compose, "grafana/grafana:11.2.0-ubuntu", "10.4.1"));
        let mismatch = judged.mismatch.unwrap();
        assert_eq!((mismatch.recreate, mismatch.downgrade), (None, false));
        assert_eq!(mismatch.image, "grafana/grafana:10.4.1-ubuntu");
        assert!(
            !judged.remedy.contains("compose") && !judged.remedy.contains("[[pins]]"),
            "{}",
            judged.remedy
        );
    }
    let gone = Evidence {
        engine: InEngine::NoContainer,
        reported: Vec::new(),
        ..evidence(InCompose::NotRead, PIN, "")
    };
    assert_eq!(judge(&gone).verdict, Missing);
    assert!(!judge(&gone).remedy.contains("compose"), "{}", judge(&gone).remedy);
}

#[test]
fn a_version_of_a_tag_is_recognised_in_its_usual_forms() {
    for (image, reported, fits) in [
        ("a:v2.54.1", "2.54.1", true),
        ("a:2.54", "2.54.1", true),
        ("a:2.5", "2.54.1", false),
        ("a:11.2.0-ubuntu", "11.2.0", true),
        ("a:v2.54.1@sha256:00", "2.54.1", true),
        ("a:2.9.0", "2.9.0+dirty", true),
    ] {
        assert_eq!(is_of(version(image).unwrap(), reported), fits, "{image} {reported}");
    }
}
