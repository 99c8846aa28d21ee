//! Stacks that are saved by the form: read back as asked for, and nothing lost of what somebody wrote by hand.

use aether_contract::{AuthSpec, EndpointSpec, ErrorCode};

use super::{Fixture, request};
use crate::stack::Stacks;

#[test]
fn a_saved_stack_is_read_back_as_it_was_asked_for() {
    let fixture = Fixture::new();
    let stacks = Stacks::open(&fixture.home);
    let mut wanted = request("prod");
    wanted.prometheus.auth = AuthSpec::Basic { username: "me".to_owned() };
    wanted.prometheus.headers.insert("X-Scope-OrgID".to_owned(), "a\"b".to_owned());
    wanted.prometheus.ca_file = Some("/etc/ca.pem".to_owned());
    wanted.alertmanager.urls.push("http://two:9093".to_owned());
    let detail = stacks.save(&wanted).unwrap();
    assert_eq!(detail.prometheus, wanted.prometheus);
    assert_eq!(detail.alertmanager, wanted.alertmanager);
    assert_eq!((detail.tenant_label.as_str(), detail.heartbeat.as_str()), ("tenant", "Watchdog"));
    let restarted = Stacks::open(&fixture.home);
    assert_eq!(restarted.active().name, "prod");
    assert_eq!(restarted.detail("prod").unwrap(), detail);
    // Saving what is there changes no byte.
    let before = fixture.text("prod");
    restarted.save(&wanted).unwrap();
    assert_eq!(fixture.text("prod"), before);
}

#[test]
fn saving_keeps_comments_order_and_what_the_form_does_not_know() {
    let fixture = Fixture::new();
    let text = "# the big one\nvip_tenants = [\n  \"acme\", # since May\n]\n\n[grafana] # later\ndashboard = \
        \"mine\"\n\n\
                [prometheus]\nurl = \"http://one:9090\" # behind the proxy\ntls = { ca_file = \"ca.pem\" }\n\n\
                [[gauges]]\nid = \"health-score\"\n\n[backup]\ndir = \"/b\" # nightly\n";
    fixture.write("prod", text);
    let stacks = Stacks::open(&fixture.home);
    let mut wanted = request("prod");
    wanted.heartbeat = String::new();
    wanted.tenant_label = "tenant_id".to_owned();
    wanted.alertmanager = EndpointSpec::default();
    wanted.prometheus = stacks.detail("prod").unwrap().prometheus;
    stacks.save(&wanted).unwrap();
    assert_eq!(fixture.text("prod"), text, "nothing to change");
    wanted.prometheus.urls = vec!["http://two:9090".to_owned()];
    wanted.vip_tenants.push("globex".to_owned());
    wanted.heartbeat = "Watchdog".to_owned();
    stacks.save(&wanted).unwrap();
    let after = fixture.text("prod");
    for kept in [
        "# the big one",
        "\"http://two:9090\" # behind the proxy",
        "[grafana] # later",
        "ca_file = \"ca.pem\"",
        "# nightly",
    ] {
        assert!(after.contains(kept), "{kept}:\n{after}");
    }
    assert_eq!(stacks.active().gauges.len(), 1);
    assert_eq!(stacks.active().heartbeat.as_deref(), Some("Watchdog"));
    wanted.heartbeat = String::new();
    stacks.save(&wanted).unwrap();
    assert_eq!(stacks.active().heartbeat, None);
}

#[test]
fn a_save_that_would_break_the_profile_writes_nothing() {
    let fixture = Fixture::new();
    let stacks = Stacks::open(&fixture.home);
    let mut wrong = request("prod");
    wrong.prometheus.urls = vec!["http://me:secret@one".to_owned()];
    let error = stacks.save(&wrong).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidRequest);
    assert!(error.message.starts_with("prometheus.url: "), "{error}");
    for name in ["", "../x", "UPPER", "a/b", "a.b", &"x".repeat(65)] {
        assert_eq!(stacks.save(&request(name)).unwrap_err().code, ErrorCode::InvalidRequest, "{name}");
    }
    assert_eq!(std::fs::read_dir(fixture.home.stacks_dir()).unwrap().count(), 0);
    fixture.write("broken", "[prometheus\n");
    assert_eq!(stacks.save(&request("broken")).unwrap_err().code, ErrorCode::InvalidConfig);
    assert_eq!(fixture.text("broken"), "[prometheus\n");
}

#[test]
fn a_server_that_is_taken_out_of_the_form_leaves_the_file() {
    let fixture = Fixture::new();
    let stacks = Stacks::open(&fixture.home);
    let mut wanted = request("prod");
    wanted.grafana = EndpointSpec {
        urls: vec!["http://g:3000".to_owned()],
        auth: AuthSpec::Bearer,
        ..EndpointSpec::default()
    };
    stacks.save(&wanted).unwrap();
    wanted.grafana = EndpointSpec::default();
    stacks.save(&wanted).unwrap();
    assert!(!fixture.text("prod").contains("grafana"), "{}", fixture.text("prod"));
    wanted.prometheus.auth = AuthSpec::Bearer;
    stacks.save(&wanted).unwrap();
    wanted.prometheus.auth = AuthSpec::None;
    assert_eq!(stacks.save(&wanted).unwrap().prometheus.auth, AuthSpec::None);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn keys_of_a_profile_that_the_form_does_not_know_survive_every_change(
        keys in proptest::collection::btree_set("z[a-z_]{0,8}", 1..4),
        value in "[a-z \"]{0,6}",
        heartbeat: bool,
        alertmanager: bool,
        bearer: bool,
    ) {
        let extra: String = keys.iter().map(|key| format!("{key} = {value:?} # kept\n")).collect();
        let sections = [
            "[prometheus]\nurl = \"http://a:9090\"\n", "[prometheus.tls]\nca_file = \"/ca.pem\"\n",
            "[prometheus.auth]\nkind = \"basic\"\nusername = \"me\"\n",
            "[alertmanager]\nurls = [\"http://a:9093\"]\n", "[grafana]\nurl = \"http://a:3000\"\n",
            "[heartbeat]\nalertname = \"Dog\"\n", "[[pins]]\nservice = \"a\"\ncontainer = \"a\"\nimage = \"a:v1\"\n",
            "[[gauges]]\nid = \"x\"\n", "[other]\n",
        ];
        let before: String =
            std::iter::once(extra.clone()).chain(sections.iter().map(|one| format!("{one}{extra}"))).collect();
        let mut wanted = request("prod");
        if !heartbeat {
            wanted.heartbeat = String::new();
        }
        if !alertmanager {
            wanted.alertmanager = EndpointSpec::default();
        }
        if bearer {
            wanted.prometheus.auth = AuthSpec::Bearer;
        }
        let path = std::path::Path::new("/stacks/prod.toml");
        let saved = crate::stack::edit::apply(Some(&before), &wanted, path).unwrap();
        let pinned = crate::stack::edit::pin(&saved, "a", "a:v2", &[]).unwrap();
        for key in &keys {
            let line = format!("{key} = {value:?} # kept");
            let count = pinned.lines().filter(|known| *known == line).count();
            proptest::prop_assert_eq!(count, sections.len() + 1, "{}", pinned);
        }
        proptest::prop_assert!(pinned.contains("\"a:v2\"") && !pinned.contains("a:v1"));
    }
}
