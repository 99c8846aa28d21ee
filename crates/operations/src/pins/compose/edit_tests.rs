use super::*;
use crate::pins::compose::read::read;

fn repinned(files: &[(&str, &str)], service: &str, image: &str) -> Result<(Change, String), String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let dir = folder.path().to_path_buf();
    let env = dir.join(".env");
    let of = |ending: &str| {
        files.iter().filter(|(name, _)| name.ends_with(ending)).map(|(name, _)| dir.join(name)).collect()
    };
    let sources = Sources {
        files: of(".yml"),
        env_files: if env.is_file() { vec![env] } else { Vec::new() },
        profiles: Vec::new(),
        dir: dir.clone(),
    };
    let environment = |name: &str| (name == "SHELL_TAG").then(|| "v1".to_owned());
    let project = read(&sources, &environment)?;
    let change = change(&sources, &project, &environment, service, image)?;
    let name = change.path.file_name().unwrap().to_string_lossy().into_owned();
    Ok((change, name))
}

/// The lines that differ.
fn touched(change: &Change) -> Vec<(String, String)> {
    assert_eq!(change.before.lines().count(), change.after.lines().count());
    let pairs = change.before.lines().zip(change.after.lines());
    pairs.filter(|(a, b)| a != b).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

#[test]
fn only_the_line_of_the_image_is_touched_in_every_style() {
    let styles = [
        ("    image: x/a:v1", "    image: x/a:v2"),
        ("    image:   x/a:v1   # pinned on purpose", "    image:   x/a:v2   # pinned on purpose"),
        ("    image: 'x/a:v1'", "    image: 'x/a:v2'"),
        ("    image: \"x/a:v1\" # said", "    image: \"x/a:v2\" # said"),
        ("    image: &img x/a:v1", "    image: &img x/a:v2"),
        ("    \"image\": x/a:v1", "    \"image\": x/a:v2"),
    ];
    for (before, after) in styles {
        let text = format!(
            "# head\nname: t\n\nservices:\n  a:\n{before}\n    command: [--x, 'x/a:v1']\n\n  b:   # other\n    \
                image: x/b:v1\n    labels: {{note: \"x/a:v1 is in a\"}}\n"
        );
        for text in [text.clone(), text.replace('\n', "\r\n"), text.trim_end().to_owned()] {
            let (change, _) = repinned(&[("compose.yml", &text)], "a", "x/a:v2")
                .unwrap_or_else(|why| panic!("{before}: {why}"));
            assert_eq!(touched(&change), [(before.to_owned(), after.to_owned())]);
            assert_eq!(change.before.replace(before, after), change.after, "byte for byte");
        }
    }
    let text = "services: {a: {image: x/a:v1, command: x}, b: {image: x/b:v1}}\n";
    let (change, _) = repinned(&[("compose.yml", text)], "a", "x/a:v2").unwrap();
    assert_eq!(change.after, text.replace("x/a:v1", "x/a:v2"));
}

#[test]
fn a_variable_is_changed_where_its_value_stands() {
    let compose = "services:\n  a: {image: 'x/a:${TAG:-v1}'}\n  b: {image: 'x/b:${TAG:-v1}'}\n  c:\n    image: \
        x/c:${C_TAG-v1}-alpine\n";
    let env = "# tags\nOTHER=1\nTAG = \"v1\" # both\n";
    let (change, name) = repinned(&[("compose.yml", compose), (".env", env)], "a", "x/a:v2").unwrap();
    assert_eq!((name.as_str(), change.after.as_str()), (".env", "# tags\nOTHER=1\nTAG = \"v2\" # both\n"));
    assert!(change.variables && change.also == ["b"] && change.note.contains("TAG"));
    // Without the file it is the default of that one place.
    let (change, name) = repinned(&[("compose.yml", compose)], "a", "x/a:v2").unwrap();
    assert_eq!((name.as_str(), touched(&change).len()), ("compose.yml", 1));
    assert!(change.after.contains("'x/a:${TAG:-v2}'") && change.also.is_empty());
    let (change, _) = repinned(&[("compose.yml", compose)], "c", "x/c:v2-alpine").unwrap();
    assert!(change.after.contains("    image: x/c:${C_TAG-v2}-alpine\n"));
    // Another repository does not fit: the whole reference is replaced.
    let (change, _) = repinned(&[("compose.yml", compose), (".env", env)], "a", "ghcr.io/x/a:v2").unwrap();
    assert!(change.after.contains("{image: 'ghcr.io/x/a:v2'}") && change.note.contains("no longer part"));
}

#[test]
fn what_an_anchor_gives_is_changed_there_and_names_who_gets_it_too() {
    let text = "x-base: &base\n  image: x/a:v1\n  restart: always\nservices:\n  a: {<<: *base}\n  b: {<<: \
        *base}\n  c: {image: 'x/a:v1'}\n";
    let (change, _) = repinned(&[("compose.yml", text)], "a", "x/a:v2").unwrap();
    assert_eq!(touched(&change), [("  image: x/a:v1".to_owned(), "  image: x/a:v2".to_owned())]);
    assert_eq!(change.also, ["b"], "c names it by itself");
}

#[test]
fn the_file_that_has_the_last_word_is_changed() {
    let base = "services:\n  a: {image: 'x/a:v1'}\n  b: {extends: a}\n";
    let over = "services:\n  a:\n    image: x/a:v1\n";
    let (change, name) = repinned(&[("a.yml", base), ("b.yml", over)], "a", "x/a:v2").unwrap();
    assert_eq!(name, "b.yml");
    assert!(change.also.is_empty());
    let (change, name) = repinned(&[("a.yml", base), ("b.yml", over)], "b", "x/a:v2").unwrap();
    assert_eq!((name.as_str(), change.also.is_empty()), ("a.yml", true), "a is overridden and stays");
}

#[test]
fn what_can_not_be_done_in_one_place_is_refused_with_the_file() {
    let compose = "services:\n  a: {image: 'x/a:${SHELL_TAG}'}\n  b: {build: .}\n  c: {image: 'x/c:v1'}\n";
    // The shell has the first word, so the reference itself is changed.
    let (change, _) = repinned(&[("compose.yml", compose)], "a", "x/a:v2").unwrap();
    assert!(change.after.contains("{image: 'x/a:v2'}") && change.note.contains("SHELL_TAG"));
    assert!(repinned(&[("compose.yml", compose)], "b", "x/a:v2").unwrap_err().contains("built"));
    assert!(repinned(&[("compose.yml", compose)], "d", "x/a:v2").unwrap_err().contains("no service d"));
    assert!(repinned(&[("compose.yml", compose)], "c", "x/c:v1").unwrap_err().contains("already"));
}

#[test]
fn a_reference_in_a_folded_block_becomes_a_plain_one() {
    let block = "services:\n  a:\n    image: >-\n      x/a:v1\n    tty: true\n";
    let (change, _) = repinned(&[("compose.yml", block)], "a", "x/a:v2").unwrap();
    assert_eq!(change.after, "services:\n  a:\n    image: x/a:v2\n    tty: true\n");
}

#[test]
fn the_packs_file_is_changed_in_one_line() {
    let text = include_str!("../../../../../monitoring/docker-compose.yml");
    let dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../monitoring"));
    let sources = Sources { files: vec![dir.join("docker-compose.yml")], dir, ..Sources::default() };
    let mut project = read(&sources, &|_| None).unwrap();
    lines(&mut project);
    let line = |service: &str| project.service(service).unwrap().image.as_ref().unwrap().line;
    for (service, old, new) in [
        ("prometheus", "prom/prometheus:v2.54.1", "prom/prometheus:v2.55.1"),
        (
            "grafana",
            "grafana/grafana:11.2.0",
            "grafana/grafana:11.6.0@sha256:0000000000000000000000000000000000000000000000000000000000000000",
        ),
        ("blackbox", "prom/blackbox-exporter:v0.24.0", "prom/blackbox-exporter:v0.25.0"),
    ] {
        let (change, _) = repinned(&[("docker-compose.yml", text)], service, new).unwrap();
        assert_eq!(change.after, text.replacen(old, new, 1));
        assert_eq!(touched(&change).len(), 1);
        let wanted = text[..text.find(&format!("image: {old}")).unwrap()].matches('\n').count() + 1;
        assert_eq!(line(service), Some(wanted as u32));
    }
}

#[test]
fn byte_order_mark_and_line_ends_of_windows_survive_a_change() {
    let (env, by_variable) = (include_str!("fixtures/windows.env"), include_str!("fixtures/env-file.yml"));
    let files = [("compose.yml", by_variable), (".env", env)];
    let (change, name) = repinned(&files, "prometheus", "prom/prometheus:v2.55.1").unwrap();
    assert_eq!((name.as_str(), change.after.as_str()), (".env", env.replace("v2.55.0", "v2.55.1").as_str()));
    let compose = include_str!("fixtures/windows.yml");
    let (change, _) = repinned(&[("compose.yml", compose)], "prometheus", "prom/prometheus:v2.55.1").unwrap();
    assert_eq!(change.after, compose.replace("v2.55.0", "v2.55.1"));
}

#[test]
fn an_image_anchor_that_services_share_is_changed_once_and_names_them_all() {
    let text =
        "services:\n  a: {image: &img x/a:v1}\n  b: {image: *img}\n  c: {image: *img, profiles: [p]}\n";
    for service in ["a", "b"] {
        let (change, _) = repinned(&[("compose.yml", text)], service, "x/a:v2").unwrap();
        assert_eq!(change.after, text.replace("x/a:v1", "x/a:v2"));
        let others: Vec<&str> = ["a", "b", "c"].into_iter().filter(|name| *name != service).collect();
        assert_eq!(change.also, others);
        assert_eq!(change.from.as_deref(), Some("x/a:v1"));
    }
}

#[test]
fn an_image_with_a_tag_of_yaml_is_changed_behind_the_tag() {
    let base = "services:\n  a: {image: 'x/a:v1'}\n";
    let over = "services:\n  a:\n    image: !override x/a:v2 # said\n";
    let (change, name) = repinned(&[("a.yml", base), ("b.yml", over)], "a", "x/a:v3").unwrap();
    assert_eq!((name.as_str(), change.after.as_str()), ("b.yml", over.replace("v2", "v3").as_str()));
    let over = "services: !override\n  a: !override\n    image: 'x/a:v2'\n";
    let (change, _) = repinned(&[("a.yml", base), ("b.yml", over)], "a", "x/a:v3").unwrap();
    assert_eq!(change.after, over.replace("v2", "v3"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn keys_of_a_compose_file_that_the_panel_does_not_know_survive_an_update(
        keys in proptest::collection::btree_set("z[a-z-]{0,8}", 1..5),
        value in "[a-z ]{0,6}|\\[[a-z]\\]|\\{a: [a-z]\\}",
        before_image: bool,
    ) {
        let at = |indent: &str| -> String {
            keys.iter().map(|key| format!("{indent}{key}: {value}\n")).collect()
        };
        let image = "    image: x/a:v1 # the one\n";
        let inside = at("    ");
        let service = if before_image { format!("{inside}{image}") } else { format!("{image}{inside}") };
        let root = keys.iter().map(|key| format!("x-{key}: {value}\n")).collect::<String>();
        let text = format!("{root}services:\n  a:\n{service}  b:\n    image: x/b:v1\n{inside}");
        let (change, _) = repinned(&[("compose.yml", &text)], "a", "x/a:v2").unwrap();
        proptest::prop_assert_eq!(change.after, text.replace("x/a:v1", "x/a:v2"));
    }
}

#[test]
fn of_several_documents_the_one_that_counts_is_changed() {
    let text = "---\nservices:\n  a:\n    image: x/a:v1\n  b:\n    image: x/b:v1\n---\n# on top\nservices:\n  a:\n    \
        image: x/a:v1 # here\n";
    let (change, _) = repinned(&[("compose.yml", text)], "a", "x/a:v2").unwrap();
    let line = |tag: &str| format!("    image: x/a:{tag} # here");
    assert_eq!(touched(&change), [(line("v1"), line("v2"))]);
    let (change, _) = repinned(&[("compose.yml", text)], "b", "x/b:v2").unwrap();
    assert_eq!(touched(&change), [("    image: x/b:v1".to_owned(), "    image: x/b:v2".to_owned())]);
}
