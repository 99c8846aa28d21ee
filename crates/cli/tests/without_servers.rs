//! Exit codes, JSON and output rules where no server is needed.
#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, profile, ran};

#[test]
fn a_stack_that_is_down_is_one_json_object_with_exit_3() {
    let home = Home::new();
    // Port 1 on loopback: nothing listens there.
    let stack = home.file("down.toml", &profile("http://127.0.0.1:1", &["http://127.0.0.1:1"]));
    let ran = home.run(&["status", "--json", "--stack", &stack]);
    let object = ran.json();
    assert_eq!(ran.code, 3);
    assert_eq!(object["ok"], false);
    assert_eq!(object["error"]["code"], "refused");
    assert_eq!(object["error"]["retryable"], true);
    assert_eq!(object["error"]["source"], "prometheus");
    assert!(!object["error"]["message"].as_str().unwrap().is_empty());
    // What is known all the same stays beside the error.
    assert_eq!(object["data"]["stack"], "test");
    assert_eq!(object["data"]["gauges"][0]["spec"]["id"], "always-one");

    for verb in [&["gauges"][..], &["alerts"], &["maintenance", "list"], &["maintenance", "end", "--all"]] {
        let ran = home.run(&[verb, &["--stack", &stack]].concat());
        assert_eq!(ran.code, 3, "{verb:?} {ran:?}");
        assert!(ran.err.starts_with("error: "), "{ran:?}");
    }
    let start = ["maintenance", "start", "--for", "5m", "--comment", "x", "--json", "--stack", &stack];
    let ran = home.run(&start);
    assert_eq!((ran.code, ran.json()["ok"].as_bool()), (3, Some(false)), "{ran:?}");
}

#[test]
fn a_usage_error_is_json_when_asked_for_and_words_otherwise() {
    let home = Home::new();
    for args in [
        &["frobnicate"][..],
        &[],
        &["maintenance", "start", "--comment", "x"],
        &["maintenance", "start", "--for", "30", "--comment", "x"],
        &["maintenance", "end"],
        &["alerts", "--state", "loud"],
        &["secret", "set", "grafana/token", "glsa_secret"],
    ] {
        let words = home.run(args);
        assert_eq!(words.code, 2, "{words:?}");
        assert!(words.out.is_empty(), "{words:?}");
        let json = home.run(&[&["--json"], args].concat());
        assert_eq!(json.code, 2);
        assert_eq!(json.json()["ok"], false);
        assert_eq!(json.json()["error"]["code"], "invalid-request");
        assert_eq!(json.json()["error"]["retryable"], false);
        assert!(json.err.is_empty(), "{json:?}");
        let all = format!("{}{}{}{}", words.out, words.err, json.out, json.err);
        assert!(
            !all.contains("glsa_secret"),
            "a secret that was given as an argument is not repeated: {all}"
        );
    }
    let duration = home.run(&["--json", "maintenance", "start", "--for", "30", "--comment", "x"]);
    assert!(duration.json()["error"]["message"].as_str().unwrap().contains("30m"), "{duration:?}");
}

#[test]
fn help_and_version_are_no_errors() {
    let home = Home::new();
    for args in [&["--help"][..], &["--version"], &["maintenance", "start", "--help"]] {
        let ran = home.run(args);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(!ran.out.is_empty() && ran.err.is_empty());
    }
}

#[test]
fn a_profile_is_checked_without_asking_any_server() {
    let home = Home::new();
    let good = home.file("good.toml", &profile("http://127.0.0.1:1", &[]));
    let ran = home.run(&["stack", "check", &good, "--json"]);
    assert_eq!((ran.code, ran.json()["data"]["valid"].as_bool()), (0, Some(true)), "{ran:?}");

    let bad = home.file("bad.toml", "name = \"x\"\n[prometheus]\nurll = \"http://127.0.0.1:1\"\n");
    let ran = home.run(&["stack", "check", &bad, "--json"]);
    let object = ran.json();
    assert_eq!((ran.code, object["ok"].as_bool()), (1, Some(true)), "{ran:?}");
    assert_eq!(object["data"]["valid"], false);
    assert_eq!(object["data"]["error"]["code"], "invalid-config");
    assert!(object["data"]["error"]["message"].as_str().unwrap().contains("line 3"), "{object}");
    let words = home.run(&["stack", "check", &bad]);
    assert!(words.out.contains("urll"), "{words:?}");

    // Used as a stack, the same file is a configuration error.
    assert_eq!(home.run(&["status", "--stack", &bad]).code, 2);
    assert_eq!(home.run(&["stack", "check", "./missing.toml"]).code, 2);
    assert_eq!(home.run(&["stack", "check", "no-such-stack"]).code, 2);
    assert_eq!(home.run(&["stack", "use", "no-such-stack"]).code, 2);
}

#[test]
fn the_built_in_stack_is_listed_and_shown() {
    let home = Home::new();
    let ran = home.run(&["stack", "list", "--json"]);
    assert_eq!((ran.code, ran.json()["data"]["active"].as_str()), (0, Some("aetherlink")), "{ran:?}");
    let shown = home.run(&["stack", "show", "--json"]);
    assert_eq!(shown.json()["data"]["gauges"].as_array().unwrap().len(), 5, "{shown:?}");
    assert_eq!(home.run(&["stack", "use", "aetherlink"]).code, 0);
}

#[test]
fn aether_stack_names_the_stack_and_the_option_wins() {
    let home = Home::new();
    let one = home.file("one.toml", &profile("http://127.0.0.1:1", &[]));
    let run = |args: &[&str]| ran(home.command(args).env("AETHER_STACK", &one).output().unwrap());
    assert_eq!(run(&["stack", "show", "--json"]).json()["data"]["name"], "test");
    assert_eq!(
        run(&["stack", "show", "--json", "--stack", "aetherlink"]).json()["data"]["name"],
        "aetherlink"
    );
    let empty = ran(home.command(&["stack", "show", "--json"]).env("AETHER_STACK", "").output().unwrap());
    assert_eq!(empty.json()["data"]["name"], "aetherlink");
}

#[test]
fn without_a_keyring_nothing_is_stored_and_nothing_leaks() {
    let home = Home::new();
    let secret = "glsa_f00dcafef00dcafe";
    let ran = home.run_with(&["secret", "set", "grafana/token", "--json"], &format!("{secret}\n"));
    let object = ran.json();
    assert_eq!((ran.code, object["ok"].as_bool()), (3, Some(false)), "{ran:?}");
    assert!(object["error"]["code"].as_str().unwrap().starts_with("keyring-"), "{object}");
    let mut seen = vec![ran.out, ran.err];
    collect(&home.path(), &mut seen);
    assert!(seen.len() > 2, "something was written");
    assert!(!seen.iter().any(|text| text.contains(secret)));

    assert_eq!(home.run_with(&["secret", "set", "grafana/token"], "").code, 2);
    assert_eq!(home.run_with(&["secret", "set", "grafana/nonsense"], "x").code, 2);
}

fn collect(folder: &std::path::Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else {
            into.push(String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned());
        }
    }
}

#[test]
fn a_credential_from_the_environment_counts_and_is_not_shown() {
    let home = Home::new();
    let text = format!(
        "{}[grafana]\nurl = \"http://127.0.0.1:1\"\nauth = \"bearer\"\n",
        profile("http://127.0.0.1:1", &[])
    );
    let stack = home.file("s.toml", &text);
    let args = ["secret", "status", "--json", "--stack", &stack];
    let with = ran(home.command(&args).env("AETHER_GRAFANA_TOKEN", "glsa_env").output().unwrap());
    let entry = &with.json()["data"]["entries"][0];
    assert_eq!(entry["id"], "grafana/token", "{with:?}");
    assert_eq!(entry["origin"], "environment");
    assert!(!with.out.contains("glsa_env"));
    let without = home.run(&args);
    assert_eq!(without.json()["data"]["entries"][0]["configured"], false);
    assert_eq!(without.code, 1);
}

#[test]
fn colours_only_where_somebody_sees_them() {
    let home = Home::new();
    let plain = home.run(&["stack", "list"]);
    assert!(!plain.out.contains('\x1b'), "{plain:?}");
    let forced = ran(home.command(&["stack", "list"]).env("CLICOLOR_FORCE", "1").output().unwrap());
    assert!(forced.out.contains('\x1b'), "the rule can be seen to work: {forced:?}");
    let refused = ran(home
        .command(&["stack", "list"])
        .env("NO_COLOR", "1")
        .env("CLICOLOR_FORCE", "0")
        .output()
        .unwrap());
    assert!(!refused.out.contains('\x1b'));
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    let home = Home::new();
    for args in [&["man"][..], &["stack", "list"], &["stack", "list", "--json"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = home.command(args).stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{args:?}: {output:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_can_not_be_written_is_a_failure() {
    let home = Home::new();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = home.command(&["stack", "list"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}

#[test]
fn completions_and_man_page_come_from_the_parser() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = home.run(&["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("maintenance"), "{shell}");
    }
    let man = home.run(&["man"]);
    assert!(man.out.contains(".TH") && man.out.contains("Exit codes"), "{man:?}");
    let folder = home.path().join("man");
    assert_eq!(home.run(&["man", "--to", folder.to_str().unwrap()]).code, 0);
    assert!(folder.join("aetherctl-maintenance-start.1").is_file());
}

#[test]
fn rule_files_are_linted_without_a_server() {
    let home = Home::new();
    let recording = "groups:\n- name: r\n  rules:\n  - record: r:5m\n    expr: sum by (tenant_id) \
        (rate(hits[5m])) / sum by (tenant_id) (rate(req[5m]))\n";
    let alert = |guard: &str| {
        format!(
            "groups:\n- name: a\n  rules:\n  - alert: Cold\n    expr: r:5m < 0.3 and {guard}\n    for: 5m\n    \
                annotations: {{runbook_url: 'https://x/y'}}\n"
        )
    };
    let rules = home.file("rules.yml", recording);
    let dead = home.file("dead.yml", &alert("sum(rate(req[5m])) > 0"));
    let alive = home.file("alive.yml", &alert("on (tenant_id) (sum by (tenant_id) (rate(req[5m])) > 0)"));

    let ran = home.run(&["rules", "lint", &rules, &alive]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ran = home.run(&["rules", "lint", &rules, &dead]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("dead.yml:4") && ran.out.contains("+ r:5m < 0.3 and on (tenant_id)"), "{ran:?}");
    let json = home.run(&["--json", "rules", "lint", &rules, &dead]);
    assert_eq!(
        (json.code, json.json()["data"]["groups"][1]["rules"][0]["guard"]["verdict"].as_str()),
        (1, Some("never-matches"))
    );
    let broken = home.file("broken.yml", "groups: [");
    let ran = home.run(&["rules", "lint", &broken]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("broken.yml"), "{ran:?}");
    assert_eq!(home.run(&["rules", "lint", "/nowhere.yml"]).code, 2);
    let empty = home.file("empty.yml", "groups: []\n");
    let ran = home.run(&["rules", "lint", &empty]);
    assert!(ran.code == 2 && ran.err.contains("No rules in"), "{ran:?}");
    assert_eq!(home.run(&["rules", "lint", "--allow-empty", &empty]).code, 0);
    let misspelt = home.file("misspelt.yml", &alert("vector(1)").replace("    for:", "    fro:"));
    let ran = home.run(&["rules", "lint", &misspelt]);
    assert!(ran.code == 1 && ran.out.contains("misspelt.yml:6") && ran.out.contains("\"fro\""), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn an_error_that_only_promtool_sees_is_a_finding_of_the_promtool_that_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let program = home.file(
        "promtool",
        "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'promtool, version 3.16.0 (x)'; exit 0; fi\n\
            echo '0.yml: 5:11: group \"g\", rule 1, \"a\": could not parse expression: 1:1: parse error: odd' >&2\n\
            exit 1\n",
    );
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let rules = home.file("rules.yml", "groups:\n- name: g\n  rules:\n  - record: a\n    expr: up\n");
    let lint = |program: &str| {
        ran(home.command(&["rules", "lint", &rules]).env("AETHER_PROMTOOL", program).output().unwrap())
    };
    let found = lint(&program);
    assert_eq!(found.code, 1, "{found:?}");
    for words in ["error", "rules.yml:5", "promtool 3.16.0 rejects the file", "parse error: odd"] {
        assert!(found.out.contains(words), "{words}: {found:?}");
    }
    // Where it is not there, the panel says what it sees itself.
    assert_eq!(lint("/nowhere/promtool").code, 0);
}

#[test]
fn a_threshold_of_several_is_refused_with_a_list_until_one_is_named() {
    let home = Home::new();
    let rules = "groups:\n- name: g\n  rules:\n  - alert: Cert  # why\n    expr: |\n      cert_count > 0\n        and \
        cert_seconds_left < 7 * 24 * 3600\n    for: 5m\n  - alert: Full\n    expr: used > .80\n    for: 5m\n";
    let file = home.file("rules.yml", rules);
    let pack = format!("[pack]\ndir = {:?}\nfiles = [\"rules.yml\"]\n", home.path());
    let stack = home.file("s.toml", &format!("{}{pack}", profile("http://127.0.0.1:1", &[])));
    let diff = |args: &[&str]| home.run(&[&["rules", "diff", "--stack", &stack], args].concat());
    let lines = |out: &str, sign: char| -> Vec<String> {
        let changed = out.lines().filter(|line| line.starts_with(sign) && !line.starts_with("+++"));
        changed.filter(|line| !line.starts_with("---")).map(str::to_owned).collect()
    };

    let refused = diff(&["--threshold", "Cert=86400"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    for words in ["Cert", "several numbers", "`cert_count > 0`", "`cert_seconds_left < 7 * 24 * 3600`"] {
        assert!(refused.err.contains(words), "{words}: {refused:?}");
    }
    let json = home.run(&["--json", "rules", "diff", "--stack", &stack, "--threshold", "Cert=86400"]);
    assert_eq!((json.code, json.json()["error"]["code"].as_str()), (2, Some("invalid-request")), "{json:?}");
    let unknown = diff(&["--threshold", "Cert=86400", "--of", "other > 1"]);
    assert!(unknown.code == 2 && unknown.err.contains("`cert_count > 0`"), "{unknown:?}");

    for (of, gone, put) in [
        (
            "cert_seconds_left < 7 * 24 * 3600",
            "-        and cert_seconds_left < 7 * 24 * 3600",
            "+        and cert_seconds_left < 86400",
        ),
        ("cert_count > 0", "-      cert_count > 0", "+      cert_count > 86400"),
        (
            "cert_seconds_left",
            "-        and cert_seconds_left < 7 * 24 * 3600",
            "+        and cert_seconds_left < 86400",
        ),
    ] {
        let shown = diff(&["--threshold", "Cert=24 * 3600", "--of", of]);
        assert_eq!(
            (lines(&shown.out, '-'), lines(&shown.out, '+')),
            (vec![gone.to_owned()], vec![put.to_owned()])
        );
    }
    // One of each, in order; '' for the one that needs none.
    let both =
        diff(&["--threshold", "Full=0.9", "--of", "", "--threshold", "Cert=1d", "--of", "cert_seconds_left"]);
    assert_eq!(
        lines(&both.out, '+'),
        ["+        and cert_seconds_left < 86400", "+    expr: used > 0.9"],
        "{both:?}"
    );
    let uneven = diff(&["--threshold", "Full=0.9", "--threshold", "Cert=1", "--of", "cert_count > 0"]);
    assert!(uneven.code == 2 && uneven.err.contains("--of once for each --threshold"), "{uneven:?}");

    let number = home.run(&["rules", "diff", "--threshold", "A=x"]);
    assert!(number.code == 2 && number.err.contains("Invalid number"), "{number:?}");
    assert_eq!(home.run(&["rules", "diff", "--of", "a > 1"]).code, 2);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), rules, "nothing was written");
}

#[test]
fn a_check_of_a_stack_that_is_down_fails_and_is_kept() {
    let home = Home::new();
    let stack = home.file("down.toml", &profile("http://127.0.0.1:1", &["http://127.0.0.1:1"]));
    let ran = home.run(&["check", "quick", "--stack", &stack, "--by", "ann"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("Quick check of test: fail"), "{ran:?}");
    let junit = home.run(&["check", "quick", "--junit", "--stack", &stack]);
    assert_eq!(junit.code, 1, "{junit:?}");
    assert!(junit.out.starts_with("<?xml") && junit.out.contains("<failure"), "nothing but XML: {junit:?}");
    let json = home.run(&["--json", "check", "history", "--stack", &stack]);
    let object = json.json();
    assert_eq!((json.code, object["data"]["runs"].as_array().map(Vec::len)), (0, Some(2)), "{object}");
    assert_eq!(object["data"]["runs"][1]["createdBy"], "ann");
    let id = object["data"]["runs"][1]["id"].as_str().unwrap().to_owned();
    let shown = home.run(&["check", "show", &id, "--stack", &stack]);
    assert!(shown.code == 0 && shown.out.contains("| Check | Result |"), "{shown:?}");
    assert_eq!(home.run(&["check", "show", "nothing", "--stack", &stack]).code, 2);
}

#[test]
fn a_change_of_rules_is_shown_line_by_line_and_writes_nothing() {
    let home = Home::new();
    let rules = "groups:\n- name: g\n  rules:\n  - alert: Slow  # why\n    expr: latency > 3\n    for: 5m\n";
    let file = home.file("rules.yml", rules);
    let pack = format!("[pack]\ndir = {:?}\nfiles = [\"rules.yml\"]\n", home.path());
    let stack = home.file("s.toml", &format!("{}{pack}", profile("http://127.0.0.1:1", &[])));
    let diff = |args: &[&str]| home.run(&[&["rules", "diff", "--stack", &stack], args].concat());
    let shown = diff(&["--threshold", "Slow=2.5", "--for", "Slow=10m"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    for line in ["-    expr: latency > 3", "+    expr: latency > 2.5", "+    for: 10m"] {
        assert!(shown.out.contains(line), "{shown:?}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), rules, "nothing was written");
    let broken = diff(&["--expr", "Slow=latency >"]);
    assert_eq!(broken.code, 1, "{broken:?}");
    for wrong in [
        &["--threshold", "Slow"][..],
        &["--threshold", "Slow=many"],
        &["--threshold", "Other=1"],
        &["--label", "Slow=x"],
        &[],
    ] {
        assert_eq!(diff(wrong).code, 2, "{wrong:?}");
    }
    let apply = home.run(&["rules", "apply", "--stack", &stack, "--threshold", "Slow=2", "--reason", "x"]);
    assert_eq!(apply.code, 3, "the server is down: {apply:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), rules, "nothing was written");
}

#[test]
fn the_training_checklist_is_kept_without_any_server_and_a_drill_is_refused() {
    let home = Home::new();
    let stack = home.file("real.toml", &profile("http://127.0.0.1:1", &["http://127.0.0.1:1"]));
    let run = |args: &[&str]| home.run(&[args, &["--json", "--stack", &stack]].concat());
    assert!(home.run(&["training", "--stack", &stack]).out.contains("No one is on the checklist yet"));
    assert_eq!(run(&["training", "add", "Ann"]).code, 0);
    let done = run(&["training", "done", "read-runbook", "--for", "ann"]);
    let person = &done.json()["data"]["people"][0];
    assert_eq!((person["name"].as_str(), done.code), (Some("ann"), 0), "{done:?}");
    assert!(person["steps"][0]["doneAt"].is_number() && person["steps"][1]["doneAt"].is_null(), "{person}");
    let undone = run(&["training", "undo", "read-runbook", "--for", "Ann"]);
    assert!(undone.json()["data"]["people"][0]["steps"][0]["doneAt"].is_null(), "{undone:?}");
    assert_eq!(run(&["training", "remove", "ANN"]).json()["data"]["people"].as_array().unwrap().len(), 0);
    assert_eq!(run(&["training", "add", &"x".repeat(81)]).code, 2);

    let refused = run(&["drill", "start", "prometheus-down"]);
    assert_eq!((refused.code, refused.json()["error"]["code"].as_str()), (2, Some("invalid-request")));
    assert!(refused.json()["error"]["hint"].as_str().unwrap().contains("demo stack only"), "{refused:?}");
    assert!(home.run(&["drill", "list", "--stack", &stack]).out.contains("This stack is not a demo stack."));
    assert_eq!(run(&["drill", "do", "roll-back"]).code, 2);
    assert_eq!(run(&["drill", "report", "1"]).code, 2);
}
