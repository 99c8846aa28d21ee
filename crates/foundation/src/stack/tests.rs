//! Behaviour of profiles and of the folder that they are kept in.

use std::path::{Path, PathBuf};

use aether_contract::{AuthSpec, EndpointSpec, ErrorCode, StackSaveRequest, StackSource};

use super::{Profile, Stacks};
use crate::paths::Home;

mod saving;

const GOOD: &str = "[prometheus]\nurl = \"http://one:9090\"\n";

fn parse(text: &str) -> Result<Profile, String> {
    Profile::parse(text, Path::new("/etc/aether/prod.toml")).map_err(|error| {
        assert_eq!(error.code, ErrorCode::InvalidConfig);
        error.message
    })
}

struct Fixture {
    _root: tempfile::TempDir,
    home: Home,
}

impl Fixture {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        home.create().unwrap();
        Self { _root: root, home }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.stacks_dir().join(format!("{name}.toml"))
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }
}

fn error_of(stacks: &Stacks, name: &str) -> Option<String> {
    let list = stacks.list();
    let entry = list.stacks.iter().find(|entry| entry.name == name).expect("the stack is listed");
    entry.error.as_ref().map(|error| format!("{} {}", error.message, error.hint))
}

fn request(name: &str) -> StackSaveRequest {
    let at = |url: &str| EndpointSpec { urls: vec![url.to_owned()], ..EndpointSpec::default() };
    StackSaveRequest {
        name: name.to_owned(),
        tenant_label: "tenant".to_owned(),
        vip_tenants: vec!["acme".to_owned()],
        heartbeat: "Watchdog".to_owned(),
        prometheus: at("http://one:9090"),
        alertmanager: at("http://one:9093"),
        grafana: EndpointSpec::default(),
        checks: None,
        select: true,
    }
}

/// The `toml` blocks of the documentation; those without `[prometheus]` are parts and get one.
fn documented() -> Vec<String> {
    let page = include_str!("../../../../docs/stack-profile.md");
    page.split("```toml\n")
        .skip(1)
        .filter_map(|block| block.split("```").next())
        .map(
            |block| {
                if block.contains("[prometheus]") { block.to_owned() } else { format!("{block}\n{GOOD}") }
            },
        )
        .collect()
}

#[test]
fn every_documented_example_is_accepted() {
    let examples = documented();
    assert!(examples.len() >= 6);
    for example in examples {
        if let Err(message) = parse(&example) {
            panic!("{message}\n{example}");
        }
    }
}

#[test]
fn the_example_with_every_key_is_read_whole() {
    let profile = parse(documented().last().unwrap()).unwrap();
    assert_eq!((profile.name.as_str(), profile.tenant_label.as_str()), ("prod", "tenant"));
    assert_eq!(profile.vip_tenants, ["acme", "globex"]);
    assert_eq!(profile.grafana.auth, AuthSpec::Bearer);
    assert_eq!(profile.dashboard_uid, "prod-overview");
    assert_eq!(profile.loki.unwrap().headers.get("X-Scope-OrgID").map(String::as_str), Some("team-a"));
    assert!(profile.blackbox.is_some() && profile.docker_host.is_some());
    assert!(profile.pack.dir.unwrap().is_absolute() && profile.backup_dir.unwrap().is_absolute());
    assert_eq!(profile.pack.files.len(), 3);
    assert_eq!(profile.pins.first().map(|pin| pin.container.as_str()), Some("prod-prometheus"));
    let gauge = profile.gauges.first().unwrap();
    assert_eq!(gauge.per_tenant_query.as_deref(), Some("sum by (tenant) (prod:cost_30d_usd:tenant)"));
    assert_eq!((gauge.min, gauge.max, gauge.warn, gauge.critical), (0.0, 5000.0, 2000.0, 4000.0));
    assert_eq!(profile.note_queries.get("monthly-cost").map(String::as_str), Some("prod:cost_covered_days"));
    assert_eq!(profile.expected.alerts, ["CostTooHigh"]);
    assert_eq!(profile.heartbeat.as_deref(), Some("Watchdog"));
    assert_eq!((profile.escalation.vip_minutes, profile.escalation.general_minutes), (10, 90));
    assert_eq!(profile.web_urls.len(), 1);
}

#[test]
fn what_a_file_leaves_out_comes_from_the_built_in_stack_but_no_address_does() {
    let (profile, builtin) = (parse(GOOD).unwrap(), Profile::builtin());
    assert_eq!(profile.name, "prod");
    assert_eq!(profile.gauges, builtin.gauges);
    assert_eq!(profile.pins, builtin.pins);
    assert_eq!(profile.expected, builtin.expected);
    assert_eq!(profile.note_queries, builtin.note_queries);
    assert_eq!(profile.prometheus.urls, ["http://one:9090"]);
    assert!(profile.alertmanager.urls.is_empty() && profile.grafana.urls.is_empty());
    let bare = parse(&format!("vip_tenants = []\n{GOOD}\n[expected]\nalerts = []\n")).unwrap();
    assert!(bare.vip_tenants.is_empty() && bare.expected.alerts.is_empty());
    assert_eq!(bare.expected.recording_rules.len(), 8);
}

#[test]
fn a_gauge_of_the_pack_can_be_adjusted_in_one_line() {
    let text = format!(
        "{GOOD}[[gauges]]\nid = \"estimated-cost\"\ncritical = 900\n[[gauges]]\nid = \"health-score\"\nquery = \"x\"\n"
    );
    let profile = parse(&text).unwrap();
    let builtin = Profile::builtin();
    assert_eq!(profile.gauges.len(), 2);
    let cost = profile.gauges.first().unwrap();
    assert_eq!((cost.warn, cost.critical, cost.unit.as_str()), (50.0, 900.0, "usd"));
    assert_eq!(profile.note_queries, builtin.note_queries);
    // Another query is another number: what belonged to the old one does not stay.
    let own = parse(&format!("{GOOD}[[gauges]]\nid = \"cache-hit-ratio\"\nquery = \"x\"\n")).unwrap();
    assert_eq!(own.gauges.first().unwrap().per_tenant_query, None);
}

#[test]
fn an_error_names_line_key_and_what_is_expected() {
    for (text, line, key, words) in [
        ("[prometheus]\nulr = \"http://a\"", 2, "prometheus.ulr", "did you mean `url`"),
        (
            "tenant_labl = \"t\"\n[prometheus]\nurl = \"http://a\"",
            1,
            "tenant_labl",
            "did you mean `tenant_label`",
        ),
        ("[prometheus]\nurl = 5", 2, "prometheus.url", "expected a string, found a whole number"),
        ("[prometheus]\nurl = \"ftp://a\"", 2, "prometheus.url", "http://"),
        ("[prometheus]\nurl = \"http://me:pw@a\"", 2, "prometheus.url", "without user and password"),
        ("name = \"x\"", 1, "prometheus", "[prometheus]"),
        ("prometheus = 3", 1, "prometheus", "a table: [prometheus]"),
        (
            "[prometheus]\nurl = \"http://a\"\n[alertmanager]\nurls = \"http://b\"",
            4,
            "alertmanager.urls",
            "a list",
        ),
        (
            "[prometheus]\nurl = \"http://a\"\n[alertmanager]\nurls = [\"http://b\",\n\"http://b/\"]",
            5,
            "alertmanager.urls",
            "duplicate address",
        ),
        ("[prometheus]\nurl = \"http://a\"\nauth = \"digest\"", 3, "prometheus.auth", "\"bearer\""),
        (
            "[prometheus]\nurl = \"http://a\"\nauth = { kind = \"basic\" }",
            3,
            "prometheus.auth.username",
            "user name",
        ),
        (
            "[prometheus]\nurl = \"http://a\"\nauth = { kind = \"bearer\", token = \"x\" }",
            3,
            "prometheus.auth.token",
            "aetherctl secret set",
        ),
        (
            "[prometheus]\nurl = \"http://a\"\nheaders = { Authorization = \"x\" }",
            3,
            "prometheus.headers.Authorization",
            "looks like a credential",
        ),
        (
            "[prometheus]\nurl = \"http://a\"\ntls = { client_cert_file = \"a.pem\" }",
            3,
            "prometheus.tls.client_key_file",
            "client_cert_file",
        ),
        (
            "[prometheus]\nurl = \"http://a\"\n[grafana]\nauth = \"bearer\"",
            3,
            "grafana.url",
            "expected `url` beside `auth`",
        ),
        ("tenant_label = \"tenant-id\"\n[prometheus]\nurl = \"http://a\"", 1, "tenant_label", "label name"),
        ("name = \"Prod!\"\n[prometheus]\nurl = \"http://a\"", 1, "name", "a-z"),
        (
            "[prometheus]\nurl = \"http://a\"\n[docker]\nhost = \"/var/run/docker.sock\"",
            4,
            "docker.host",
            "unix://",
        ),
        (
            "[prometheus]\nurl = \"http://a\"\n[escalation]\nvip_minutes = 0",
            4,
            "escalation.vip_minutes",
            "whole minutes",
        ),
        (
            "[prometheus]\nurl = \"http://a\"\n[escalation]\ngeneral_minutes = 1.5",
            4,
            "escalation.general_minutes",
            "whole minutes",
        ),
        ("[prometheus]\nurl = \"http://a\"\n[heartbeat]", 3, "heartbeat.alertname", "expected"),
        (
            "[prometheus]\nurl = \"http://a\"\n[[pins]]\nservice = \"mine\"\nimage = \"i\"",
            3,
            "pins.container",
            "required",
        ),
    ] {
        let message = parse(text).expect_err(text);
        assert!(message.starts_with(&format!("prod.toml, line {line}, `{key}`: ")), "{message}");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn gauges_that_make_no_sense_are_refused() {
    let gauge = |lines: &str| {
        parse(&format!("{GOOD}[[gauges]]\nid = \"g\"\nquery = \"up\"\nwarn = 1\ncritical = 2\n{lines}"))
    };
    assert!(gauge("").is_ok());
    for (lines, key, words) in [
        ("min = 5\nmax = 5", "gauges.min", "below `max`"),
        ("higher_is_better = true", "gauges.critical", "at or below `warn`"),
        ("max = inf", "gauges.max", "finite"),
        ("per_tenant_query = \"\"", "gauges.per_tenant_query", "PromQL"),
        ("note_query = \"x[$__range]\"", "gauges.note_query", "$__range"),
        ("[[gauges]]\nid = \"g\"\nquery = \"up\"\nwarn = 1\ncritical = 2", "gauges.id", "another gauge"),
        ("[[gauges]]\nid = \"h\"\nwarn = 1\ncritical = 2", "gauges.query", "PromQL"),
        ("[[gauges]]\nquery = \"up\"\nwarn = 1\ncritical = 2", "gauges.id", "expected an ID"),
        ("crtical = 3", "gauges.crtical", "did you mean `critical`"),
        ("title = \"a\\u0007b\"", "gauges.title", "control characters"),
    ] {
        let message = gauge(lines).expect_err(lines);
        assert!(message.contains(&format!("`{key}`: ")) && message.contains(words), "{lines}: {message}");
    }
}

#[test]
fn all_errors_of_a_file_are_listed_in_its_order() {
    let text = "vip = []\n[prometheus]\nurl = \"ftp://a\"\n[[gauges]]\nid = \"A\"\n";
    let error = Profile::parse(text, Path::new("p.toml")).unwrap_err();
    let lines: Vec<&str> = error.detail.lines().collect();
    assert!(lines.len() >= 4, "{}", error.detail);
    assert!(lines.first().unwrap().starts_with("line 1, `vip`"), "{}", error.detail);
    assert!(error.message.contains("more in this file"), "{error}");
}

#[test]
fn no_text_whatever_makes_the_reader_fail_otherwise_than_with_an_error() {
    use proptest::prelude::*;
    let words = prop::sample::select(vec![
        "[prometheus]\n",
        "url",
        "=",
        "\"http://a\"",
        "\n",
        "[[gauges]]\n",
        "id",
        "\"x\"",
        "[",
        "]",
        "{",
        "}",
        "auth",
        ",",
        "1",
        "nan",
        "warn",
        "=",
        "\"\"\"",
        "é",
        "\u{0}",
        ".",
        "#",
        "tls",
        "[[pins]]",
        "name",
        "-",
        "0x",
    ]);
    proptest!(|(parts in prop::collection::vec(words, 0..40))| {
        let _ = Profile::parse(&parts.concat(), Path::new("p.toml"));
    });
}

#[test]
fn a_syntax_error_names_its_line() {
    let message = parse("[prometheus]\nurl = \"http://a\n").unwrap_err();
    assert!(message.starts_with("prod.toml, line 2: "), "{message}");
}

#[test]
fn a_broken_file_keeps_the_last_good_profile_in_force_also_after_a_restart() {
    let fixture = Fixture::new();
    fixture.write("prod", GOOD);
    let stacks = Stacks::open(&fixture.home);
    stacks.select("prod").unwrap();
    fixture.write("prod", "[prometheus]\nurl = \"no address\"\n");
    assert!(stacks.reload_if_changed());
    assert!(!stacks.reload_if_changed(), "nothing changed since");
    assert_eq!(stacks.active().prometheus.urls, ["http://one:9090"]);
    let shown = error_of(&stacks, "prod").unwrap();
    assert!(
        shown.contains("line 2") && shown.contains("last valid version of the profile stays in use"),
        "{shown}"
    );

    let restarted = Stacks::open(&fixture.home);
    assert_eq!(restarted.list().active, "prod");
    assert_eq!(restarted.active().prometheus.urls, ["http://one:9090"]);
    assert!(error_of(&restarted, "prod").is_some());

    fixture.write("prod", "[prometheus]\nurl = \"http://two:9090\"\n");
    assert!(restarted.reload_if_changed());
    assert_eq!(restarted.active().prometheus.urls, ["http://two:9090"]);
    assert_eq!(error_of(&restarted, "prod"), None);
}

#[test]
fn a_stack_whose_file_never_was_good_has_no_servers_and_cannot_be_selected() {
    let fixture = Fixture::new();
    fixture.write("prod", "[prometheus]\n");
    std::fs::write(fixture.home.state_file(), "selected = \"prod\"\n").unwrap();
    let stacks = Stacks::open(&fixture.home);
    assert_eq!(stacks.list().active, "prod");
    assert!(stacks.active().prometheus.urls.is_empty());
    fixture.write("other", "[prometheus]\n");
    stacks.reload_if_changed();
    assert_eq!(stacks.select("other").unwrap_err().code, ErrorCode::InvalidConfig);
    assert_eq!(stacks.select("nowhere").unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn a_file_deleted_while_in_force_leaves_its_profile_in_force() {
    let fixture = Fixture::new();
    fixture.write("prod", GOOD);
    let stacks = Stacks::open(&fixture.home);
    stacks.select("prod").unwrap();
    std::fs::remove_file(fixture.path("prod")).unwrap();
    assert!(stacks.reload_if_changed());
    assert_eq!(stacks.active().name, "prod");
    assert!(error_of(&stacks, "prod").unwrap().contains("was removed"));
    fixture.write("prod", GOOD);
    stacks.reload_if_changed();
    assert_eq!(error_of(&stacks, "prod"), None);
    std::fs::remove_file(fixture.path("prod")).unwrap();
    assert_eq!(Stacks::open(&fixture.home).active().source, StackSource::BuiltIn);
}

#[test]
fn the_selected_stack_outlives_a_restart_and_an_override_does_not() {
    let fixture = Fixture::new();
    let fresh = Stacks::open(&fixture.home);
    assert!(fresh.list().first_start);
    assert_eq!(fresh.active().source, StackSource::BuiltIn);
    fixture.write("a", GOOD);
    fixture.write("b", "[prometheus]\nurl = \"http://b:9090\"\n");
    let stacks = Stacks::open(&fixture.home);
    stacks.select("a").unwrap();
    stacks.override_with("b").unwrap();
    assert_eq!(stacks.active().name, "b");
    let restarted = Stacks::open(&fixture.home);
    assert_eq!(restarted.active().name, "a");
    assert!(!restarted.list().first_start);
    assert_eq!(restarted.override_with("c").unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn a_file_from_anywhere_can_be_put_into_force_and_is_watched() {
    let fixture = Fixture::new();
    let path = fixture.home.data.join("demo.toml");
    std::fs::write(&path, format!("name = \"my-demo\"\n{GOOD}")).unwrap();
    let stacks = Stacks::open(&fixture.home);
    stacks.override_with(path.to_str().unwrap()).unwrap();
    assert_eq!(stacks.list().active, "my-demo");
    std::fs::write(&path, "name = \"my-demo\"\n[prometheus]\nurl = \"http://two:1\"\n").unwrap();
    assert!(stacks.reload_if_changed());
    assert_eq!(stacks.active().prometheus.urls, ["http://two:1"]);
    let mut change = request("my-demo");
    change.select = false;
    stacks.save(&change).unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().contains("http://one:9090"));
    assert!(!fixture.path("my-demo").exists());
    assert_eq!(stacks.override_with("/nowhere/x.toml").unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(stacks.active().name, "my-demo");
}

#[test]
fn a_file_must_bear_the_name_of_its_stack() {
    let fixture = Fixture::new();
    fixture.write("prod", &format!("name = \"staging\"\n{GOOD}"));
    fixture.write("Not A Name", GOOD);
    let stacks = Stacks::open(&fixture.home);
    assert!(error_of(&stacks, "prod").unwrap().contains("\"prod\""));
    assert!(error_of(&stacks, "Not A Name").is_some());
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_read() {
    let fixture = Fixture::new();
    let fifo = fixture.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    std::fs::write(fixture.path("big"), format!("{GOOD}#{}", "x".repeat(2 << 20))).unwrap();
    let stacks = Stacks::open(&fixture.home);
    assert!(error_of(&stacks, "pipe").is_some());
    assert!(error_of(&stacks, "big").is_some());
}

#[cfg(unix)]
#[test]
fn files_are_for_this_account_only_and_links_stay_links() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = Fixture::new();
    let target = fixture.home.data.join("kept-elsewhere.toml");
    std::fs::write(&target, GOOD).unwrap();
    std::os::unix::fs::symlink(&target, fixture.path("linked")).unwrap();
    let stacks = Stacks::open(&fixture.home);
    stacks.save(&request("linked")).unwrap();
    stacks.save(&request("plain")).unwrap();
    assert!(std::fs::symlink_metadata(fixture.path("linked")).unwrap().file_type().is_symlink());
    assert!(std::fs::read_to_string(&target).unwrap().contains("one:9093"));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&fixture.path("plain")), 0o600);
    assert_eq!(mode(&fixture.home.state_file()), 0o600);
    assert_eq!(mode(&fixture.home.stacks_dir()), 0o700);
}

#[test]
fn a_simulator_is_on_this_machine_or_it_is_none() {
    let with = |url: &str| parse(&format!("{GOOD}\n[drills]\nsimulator = \"{url}\"\n"));
    assert_eq!(with("http://127.0.0.1:8001").unwrap().simulator.unwrap().port(), Some(8001));
    for url in ["http://sim.example.org:8001", "https://127.0.0.1:8001", "127.0.0.1:8001", "http://10.0.0.1"]
    {
        let told = with(url).unwrap_err();
        assert!(told.contains("drills.simulator") && told.contains("this machine"), "{url}: {told}");
    }
    assert!(parse(&format!("{GOOD}\n[drills]\n")).is_err());
}

#[test]
fn credential_over_plain_http_is_a_warning_and_blocked_unless_the_profile_allows_it() {
    let warn = |text: &str| crate::secrets::credential_warnings(&parse(text).unwrap());
    let grafana = "[grafana]\nurl = \"http://grafana.example.com:3000\"\nauth = \"bearer\"\n";
    let blocked = warn(&format!("{GOOD}{grafana}"));
    assert_eq!(blocked.len(), 1, "{blocked:?}");
    assert!(blocked[0].blocked && blocked[0].key == "grafana.url");
    assert!(blocked[0].text.contains("allow_plain_http = true in [grafana]"));
    let allowed_there = warn(&format!("{GOOD}{grafana}allow_plain_http = true\n"));
    let allowed_at_top = warn(&format!("allow_plain_http = true\n{GOOD}{grafana}"));
    for allowed in [allowed_there, allowed_at_top] {
        assert!(allowed.len() == 1 && !allowed[0].blocked, "{allowed:?}");
    }
    assert_eq!(warn(GOOD), [], "no credential is sent there");
    let local = "[grafana]\nurl = \"http://localhost:3000\"\nauth = \"bearer\"\n";
    assert_eq!(warn(&format!("{GOOD}{local}")), []);
    assert!(parse(&format!("{GOOD}allow_plain_http = \"yes\"\n")).unwrap_err().contains("true or false"));
}
