use super::*;

struct Bench(tempfile::TempDir);

impl Bench {
    fn new(files: &[(&str, &str)]) -> Self {
        let bench = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            let path = bench.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        bench
    }

    fn read(&self, files: &[&str], profiles: &[&str]) -> Result<Project, String> {
        let dir = self.0.path().to_path_buf();
        let env = dir.join(".env");
        let sources = Sources {
            files: files.iter().map(|name| dir.join(name)).collect(),
            env_files: if env.is_file() { vec![env] } else { Vec::new() },
            profiles: profiles.iter().map(|&name| name.to_owned()).collect(),
            dir,
        };
        read(&sources, &|name| (name == "FROM_SHELL").then(|| "v9".to_owned()))
    }
}

fn image(project: &Project, service: &str) -> Option<String> {
    project.service(service)?.image.as_ref()?.resolved.clone().ok()
}

#[test]
fn variables_come_from_the_shell_then_from_the_file_then_from_the_default() {
    let bench = Bench::new(&[
        (".env", "TAG=v2.54.1\nFROM_SHELL=v1\n"),
        (
            "compose.yml",
            "services:\n  a: {image: 'x/a:${TAG}'}\n  b: {image: 'x/b:${FROM_SHELL}'}\n  c: {image: \
                'x/c:${NO:-v3}'}\n  d: {image: 'x/d:${NO:?set it}'}\n",
        ),
    ]);
    let project = bench.read(&["compose.yml"], &[]).unwrap();
    assert_eq!(image(&project, "a").as_deref(), Some("x/a:v2.54.1"));
    assert_eq!(image(&project, "b").as_deref(), Some("x/b:v9"));
    assert_eq!(image(&project, "c").as_deref(), Some("x/c:v3"));
    let d = project.service("d").unwrap().image.clone().unwrap();
    assert!(d.resolved.unwrap_err().contains("set it"));
    assert_eq!(project.service("a").unwrap().image.clone().unwrap().raw, "x/a:${TAG}");
    let origin =
        |service: &str| project.service(service).unwrap().image.as_ref().unwrap().used[0].origin.clone();
    assert_eq!(
        [origin("a"), origin("b"), origin("c")],
        [Origin::File(0), Origin::Environment, Origin::Default]
    );
}

#[test]
fn anchors_merge_keys_and_extends_are_followed() {
    let bench = Bench::new(&[
        (
            "compose.yml",
            "x-base: &base\n  image: x/base:v1\n  profiles: [logs]\nx-name: &name x/named:v2\nservices:\n  \
                a:\n    <<: *base\n  b:\n    <<: [*base]\n    image: *name\n  c:\n    extends: b\n    \
                container_name: see\n  d:\n    extends: {service: z, file: other/base.yml}\n",
        ),
        ("other/base.yml", "services:\n  z: {image: 'x/z:v4', build: .}\n"),
    ]);
    let project = bench.read(&["compose.yml"], &["logs"]).unwrap();
    assert_eq!(image(&project, "a").as_deref(), Some("x/base:v1"));
    assert_eq!(image(&project, "b").as_deref(), Some("x/named:v2"));
    assert_eq!(image(&project, "c").as_deref(), Some("x/named:v2"));
    assert_eq!(image(&project, "d").as_deref(), Some("x/z:v4"));
    let c = project.service("c").unwrap();
    assert_eq!((c.container.as_str(), c.enabled, c.profiles.len()), ("see", true, 1));
    let d = project.service("d").unwrap();
    assert!(d.built && d.image.as_ref().unwrap().file.ends_with("other/base.yml"));
}

#[test]
fn later_files_are_on_top_and_may_take_away() {
    let bench = Bench::new(&[
        (
            "a.yml",
            "name: My\nservices:\n  one: {image: 'x/one:v1', container_name: one}\n  two: {image: 'x/two:v1', \
                profiles: [p]}\n",
        ),
        (
            "b.yml",
            "services:\n  one: {image: 'x/one:v2'}\n  two: {image: !reset null, build: ., profiles: [q]}\n  \
                three: {image: x/three}\n",
        ),
    ]);
    let project = bench.read(&["a.yml", "b.yml"], &["q"]).unwrap();
    assert_eq!(image(&project, "one").as_deref(), Some("x/one:v2"));
    assert_eq!(project.service("one").unwrap().container, "one");
    let two = project.service("two").unwrap();
    assert!(two.image.is_none() && two.built && two.enabled);
    assert_eq!(two.profiles, ["p", "q"]);
    assert_eq!(project.service("three").unwrap().container, "My-three-1");
    assert!(!bench.read(&["a.yml"], &[]).unwrap().service("two").unwrap().enabled);
    assert!(bench.read(&["a.yml"], &["*"]).unwrap().service("two").unwrap().enabled);
}

#[test]
fn included_files_have_variables_of_their_own() {
    let bench = Bench::new(&[
        (
            "compose.yml",
            "include:\n- logs/compose.yml\n- {path: [more.yml], env_file: more.env}\n- \
                oci://registry/x\nservices:\n  a: {image: 'x/a:${TAG}'}\n",
        ),
        (".env", "TAG=v1\n"),
        ("logs/compose.yml", "services:\n  loki: {image: 'x/loki:${LOKI}'}\n"),
        ("logs/.env", "LOKI=v2\nTAG=v9\n"),
        ("more.yml", "services:\n  more: {image: 'x/more:${TAG}-${MORE}'}\n"),
        ("more.env", "MORE=v3\nTAG=other\n"),
    ]);
    let project = bench.read(&["compose.yml"], &[]).unwrap();
    assert_eq!(image(&project, "loki").as_deref(), Some("x/loki:v2"));
    assert_eq!(image(&project, "more").as_deref(), Some("x/more:v1-v3"), "what is around has the first word");
    assert_eq!(project.notes.len(), 1);
}

#[test]
fn what_is_wrong_in_a_file_is_told_with_its_name_and_never_hangs() {
    let bombs = (0..30).map(|n| format!("x{}: &x{} [*x{n}, *x{n}]\n", n + 1, n + 1)).collect::<String>();
    let cases = [
        ("services: [a]", "not a mapping"),
        ("services: {a: 1}", "not a mapping"),
        ("services: {a: {image: 5}}", "not a string"),
        ("services: {a: {extends: a}}", "circular"),
        ("services: {a: {extends: b}}", "does not exist"),
        ("services: {a: {extends: {file: none.yml, service: b}}}", "none.yml"),
        ("services: {a: {container_name: 'x${A'}}", "unclosed"),
        ("include: [compose.yml]", "circular"),
        ("a: [", "compose.yml"),
        ("- a", "not a mapping"),
        ("services:\n  a: {image: x}\n  a: {image: y}\n", "duplicate"),
        (&format!("x0: &x0 a\n{bombs}"), "compose.yml"),
    ];
    for (text, expected) in cases {
        let bench = Bench::new(&[("compose.yml", text)]);
        let why = bench.read(&["compose.yml"], &[]).unwrap_err();
        assert!(why.contains(expected) && why.contains(".yml"), "{text:.80}: {why}");
    }
    let bench = Bench::new(&[("compose.yml", ""), (".env", "A='x")]);
    assert!(bench.read(&["compose.yml"], &[]).unwrap_err().contains(".env: line 1"));
    let bench = Bench::new(&[]);
    assert!(bench.read(&["none.yml"], &[]).unwrap_err().contains("none.yml"));
}

#[test]
fn file_that_includes_itself_many_times_is_refused_at_once() {
    let text = format!("include: [{}]\nservices: {{a: {{image: x}}}}\n", "compose.yml, ".repeat(50));
    let bench = Bench::new(&[("compose.yml", &text)]);
    let error = bench.read(&["compose.yml"], &[]).unwrap_err();
    assert!(error.contains("`include`"), "{error}");
    let wide = format!("include: [{}]\n", "other.yml, ".repeat(300));
    let bench = Bench::new(&[("compose.yml", &wide), ("other.yml", "services: {}\n")]);
    let error = bench.read(&["compose.yml"], &[]).unwrap_err();
    assert!(error.contains("more than 256 files"), "{error}");
}

#[test]
fn project_with_too_many_services_is_refused_before_they_are_read() {
    let services: String = (0..50_000).map(|number| format!("  s{number}: {{image: x}}\n")).collect();
    let bench = Bench::new(&[("compose.yml", &format!("services:\n{services}"))]);
    let error = bench.read(&["compose.yml"], &[]).unwrap_err();
    assert!(error.contains("more than 1000 services"), "{error}");
}

#[test]
fn the_packs_file_is_read_whole() {
    let dir = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../monitoring"));
    let sources = Sources { files: vec![dir.join("docker-compose.yml")], dir, ..Sources::default() };
    let project = read(&sources, &|_| None).unwrap();
    let builtin = aether_foundation::stack::Profile::builtin();
    assert_eq!(project.services.len(), builtin.pins.len());
    for pin in builtin.pins {
        let service = project.service(&pin.service).unwrap();
        assert_eq!(image(&project, &pin.service).as_ref(), Some(&pin.image));
        assert_eq!(service.container, pin.container);
        assert_eq!(service.enabled, service.profiles.is_empty());
    }
}

#[test]
fn files_of_windows_editors_are_read_without_their_byte_order_mark() {
    let env = include_str!("fixtures/windows.env");
    let compose = include_str!("fixtures/windows.yml");
    assert!(env.starts_with('\u{feff}') && env.contains("\r\n") && compose.starts_with('\u{feff}'));
    let by_variable = include_str!("fixtures/env-file.yml");
    let bench = Bench::new(&[(".env", env), ("compose.yml", by_variable)]);
    let project = bench.read(&["compose.yml"], &[]).unwrap();
    assert_eq!(image(&project, "prometheus").as_deref(), Some("prom/prometheus:v2.55.0"));
    let bench = Bench::new(&[(".env", env.trim_start_matches('\u{feff}')), ("compose.yml", by_variable)]);
    assert_eq!(
        bench.read(&["compose.yml"], &[]).unwrap().services[0].image,
        project.services[0]
            .image
            .clone()
            .map(|image| Reference { file: bench.0.path().join("compose.yml"), ..image })
    );
    let bench = Bench::new(&[("compose.yml", compose)]);
    let mut project = bench.read(&["compose.yml"], &[]).unwrap();
    super::super::edit::lines(&mut project);
    assert_eq!(image(&project, "prometheus").as_deref(), Some("prom/prometheus:v2.55.0"));
    assert_eq!(project.service("prometheus").unwrap().image.as_ref().unwrap().line, Some(3));
}

#[test]
fn newer_keys_of_the_specification_do_not_disturb_the_images() {
    let bench = Bench::new(&[
        ("compose.yaml", include_str!("fixtures/newer-keys.yml")),
        ("compose.override.yaml", include_str!("fixtures/newer-keys.override.yml")),
    ]);
    let project = bench.read(&["compose.yaml", "compose.override.yaml"], &["tsdb"]).unwrap();
    assert_eq!(project.name, "mon-dev");
    let prometheus = project.service("prometheus").unwrap();
    assert_eq!((prometheus.profiles.as_slice(), prometheus.enabled), (&["tsdb".to_owned()][..], true));
    assert_eq!(image(&project, "prometheus").as_deref(), Some("prom/prometheus:v2.55.1"));
    assert_eq!(image(&project, "tunnel"), None);
    assert_eq!(image(&project, "grafana").as_deref(), Some("local/grafana:dev"));
    assert!(project.service("grafana").unwrap().built);
    assert_eq!(image(&project, "old").as_deref(), Some("prom/pushgateway:v1.0.0"));
    assert_eq!(project.notes.len(), 1, "{:?}", project.notes);
}

/// What a service is in a few words: image, container, whether it is built, profiles.
fn told(project: &Project, name: &str) -> Option<String> {
    let service = project.service(name)?;
    Some(format!(
        "{} {}{} {:?}",
        image(project, name).unwrap_or_else(|| "-".to_owned()),
        service.container,
        if service.built { " built" } else { "" },
        service.profiles
    ))
}

#[test]
fn reset_and_override_are_carried_out_as_the_specification_says() {
    // Derived from "Merge" of the Compose specification: `!reset` removes the attribute, `!override` replaces it whole.
    const BASE: &str = "name: t\nservices:\n  a: {image: 'x/a:v1', container_name: one, build: ., profiles: [p]}\n  \
        b: {image: 'x/b:v1'}\n";
    let table = [
        ("services: {a: {image: !reset null}}", Some("- one built [\"p\"]"), true),
        ("services: {a: {image: !reset 'x/a:v9'}}", Some("- one built [\"p\"]"), true),
        ("services: {a: {image: !override 'x/a:v2'}}", Some("x/a:v2 one built [\"p\"]"), true),
        ("services: {a: {container_name: !reset null}}", Some("x/a:v1 t-a-1 built [\"p\"]"), true),
        ("services: {a: {build: !reset null}}", Some("x/a:v1 one [\"p\"]"), true),
        ("services: {a: {build: {args: !reset []}}}", Some("x/a:v1 one built [\"p\"]"), true),
        ("services: {a: {profiles: [q]}}", Some("x/a:v1 one built [\"p\", \"q\"]"), true),
        ("services: {a: {profiles: !override [q]}}", Some("x/a:v1 one built [\"q\"]"), true),
        ("services: {a: {profiles: !reset []}}", Some("x/a:v1 one built []"), true),
        ("services: {a: !reset null}", None, true),
        ("services: {a: !override {image: 'x/a:v3'}}", Some("x/a:v3 t-a-1 []"), true),
        ("services: {a: {image: null}}", Some("x/a:v1 one built [\"p\"]"), true),
        ("services: !override {a: {image: 'x/a:v4'}}", Some("x/a:v4 t-a-1 []"), false),
        ("services: !reset {}", None, false),
        ("x-other: !reset null\nservices: {c: !reset null}", Some("x/a:v1 one built [\"p\"]"), true),
    ];
    for (over, a, b) in table {
        let bench = Bench::new(&[("a.yml", BASE), ("b.yml", over)]);
        let project = bench.read(&["a.yml", "b.yml"], &[]).unwrap_or_else(|why| panic!("{over}: {why}"));
        assert_eq!(told(&project, "a").as_deref(), a, "{over}");
        assert_eq!(told(&project, "b").is_some(), b, "{over}");
    }
    // What is reset beside `extends` is not taken over from there.
    let text = "services:\n  base: {image: 'x/a:v1', build: ., profiles: [p]}\n  a: {extends: base, build: !reset \
        null, profiles: !override [q]}\n";
    let bench = Bench::new(&[("a.yml", text)]);
    let project = bench.read(&["a.yml"], &[]).unwrap();
    assert_eq!(told(&project, "a").unwrap().split_once(' ').unwrap().0, "x/a:v1");
    let a = project.service("a").unwrap();
    assert_eq!((a.built, a.profiles.as_slice()), (false, &["q".to_owned()][..]));
    assert_eq!(project.service("base").unwrap().profiles, ["p"]);
}

#[test]
fn documents_of_one_file_are_put_on_each_other_as_files_are() {
    const BASE: &str = "name: t\nservices:\n  a: {image: 'x/a:v1', container_name: one, profiles: [p]}\n  b: {image: \
        'x/b:v1'}\n";
    for (over, a, b) in [
        ("services: {a: {image: 'x/a:v2'}}", "x/a:v2 one [\"p\"]", true),
        ("services: {a: {profiles: [q]}, c: {image: 'x/c:v1'}}", "x/a:v1 one [\"p\", \"q\"]", true),
        ("services: {a: {image: !reset null}, b: !reset null}", "- one [\"p\"]", false),
        ("services: {a: !override {image: 'x/a:v3'}}", "x/a:v3 t-a-1 []", true),
        ("# nothing but a comment", "x/a:v1 one [\"p\"]", true),
    ] {
        let text = format!("# first\n---\n{BASE}---\n{over}\n---\n");
        let bench = Bench::new(&[("a.yml", &text), ("first.yml", BASE), ("second.yml", over)]);
        let project = bench.read(&["a.yml"], &[]).unwrap_or_else(|why| panic!("{over}: {why}"));
        assert_eq!(told(&project, "a").as_deref(), Some(a), "{over}");
        assert_eq!(told(&project, "b").is_some(), b, "{over}");
        // Two files come to the same.
        let apart = bench.read(&["first.yml", "second.yml"], &[]).unwrap();
        assert_eq!(
            (told(&apart, "a"), told(&apart, "b")),
            (told(&project, "a"), told(&project, "b")),
            "{over}"
        );
    }
    let name = Bench::new(&[("a.yml", "name: one\n---\nname: two\nservices: {a: {image: x}}\n")]);
    assert_eq!(name.read(&["a.yml"], &[]).unwrap().name, "two");
    // What is extended is the service of the whole file.
    let bench = Bench::new(&[
        (
            "base.yml",
            "services: {b: {image: 'x/b:v1', build: .}}\n---\nservices: {b: {image: 'x/b:v2', build: !reset }}\n",
        ),
        ("a.yml", "services: {a: {extends: {file: base.yml, service: b}}}\n"),
    ]);
    assert!(told(&bench.read(&["a.yml"], &[]).unwrap(), "a").unwrap().starts_with("x/b:v2 "));
    assert!(!bench.read(&["a.yml"], &[]).unwrap().service("a").unwrap().built);
    let broken = Bench::new(&[("a.yml", "services: {a: {image: x}}\n---\njust a text\n")]);
    assert!(broken.read(&["a.yml"], &[]).unwrap_err().contains("not a mapping"));
    let many = Bench::new(&[("a.yml", &"---\nservices: {}\n".repeat(MAX_FILES + 1))]);
    assert!(many.read(&["a.yml"], &[]).unwrap_err().contains("documents"));
}
