use std::collections::HashMap;

use aether_contract::PinVerdict;

use super::*;
use aether_foundation::stack::Pin;

fn container(name: &str, project: &str) -> Container {
    let labels =
        HashMap::from([(PROJECT.to_owned(), project.to_owned()), (SERVICE.to_owned(), name.to_owned())]);
    Container {
        name: name.into(),
        image: "x/y:v1".into(),
        state: "running".into(),
        labels,
        ..Container::default()
    }
}

fn pinned(names: &[&str]) -> Profile {
    let pin = |name: &&str| Pin {
        service: (*name).into(),
        container: (*name).into(),
        image: "x/y:v1".into(),
        optional: false,
    };
    Profile { pins: names.iter().map(pin).collect(), ..Profile::builtin() }
}

#[test]
fn of_500_containers_those_of_the_pinned_project_are_shown_as_unpinned() {
    let mut all: Vec<Container> = (0..498).map(|i| container(&format!("other-{i}"), "other")).collect();
    all.extend([container("cadvisor", "aether"), container("a", "aether")]);
    let facts = named(&pinned(&["a"]), None, Some(&all));
    assert_eq!(facts.iter().map(|one| one.service.as_str()).collect::<Vec<_>>(), ["a", "cadvisor"]);
    let rows = rows(facts, reported::Reported::default(), &Table::default());
    assert_eq!((rows[1].pinned.clone(), rows[1].optional), (None, true));
}

#[test]
fn services_of_the_compose_file_that_nothing_pins_are_shown_and_found_by_their_label() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("compose.yml");
    std::fs::write(
        &file,
        "name: aether\nservices:\n  a: {image: 'x/y:v1', container_name: a}\n  extra: \
        {image: 'x/z:latest'}\n",
    )
    .unwrap();
    let sources =
        compose::read::Sources { files: vec![file], dir: folder.path().into(), ..Default::default() };
    let mut project = compose::read::read(&sources, &|_| None).unwrap();
    compose::edit::lines(&mut project);
    let compose = Compose { sources, project, ..Compose::default() };
    let mut running = container("aether-extra-7", "aether");
    running.labels.insert(SERVICE.to_owned(), "extra".to_owned());
    let facts = named(&pinned(&["a", "b"]), Some(&compose), Some(&[running]));
    let names: Vec<(&str, &str)> =
        facts.iter().map(|one| (one.service.as_str(), one.container.as_str())).collect();
    assert_eq!(names, [("a", "a"), ("b", "b"), ("extra", "aether-extra-7")]);
    assert_eq!(facts[1].compose, Some(InCompose::NotNamed));
    let rows = rows(facts, reported::Reported::default(), &Table::default());
    assert_eq!(rows[2].verdict, PinVerdict::Floating, "it moves, pinned or not");
    assert_eq!(rows[2].compose.as_ref().unwrap().line, Some(4));
}

#[test]
fn a_pinned_service_is_found_by_its_label_where_its_container_has_another_name() {
    let mut running = container("aether-b-1", "aether");
    running.labels.insert(SERVICE.to_owned(), "b".to_owned());
    let all = [container("a", "aether"), running];
    let facts = named(&pinned(&["a", "b"]), None, Some(&all));
    let names: Vec<(&str, &str)> =
        facts.iter().map(|one| (one.service.as_str(), one.container.as_str())).collect();
    assert_eq!(names, [("a", "a"), ("b", "aether-b-1")]);
    // One that is there under its own name stays the one that is meant.
    let both = [&all[..], &[container("b", "aether")]].concat();
    assert_eq!(named(&pinned(&["a", "b"]), None, Some(&both))[1].container, "b");
}

#[tokio::test]
async fn an_engine_that_is_not_there_leaves_a_gap_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let host = format!("unix://{}/none.sock", folder.path().display());
    let error = listed(Some(&host)).await.unwrap().unwrap_err();
    assert!(error.message.contains("nothing is listening"), "{error:?}");
    assert!(listed(None).await.is_none(), "where none is named none is missed");
    let facts = named(&Profile::builtin(), None, None);
    let rows = rows(facts, reported::Reported::default(), &Table::default());
    assert!(rows.iter().all(|row| row.verdict == PinVerdict::Unknown));
}
