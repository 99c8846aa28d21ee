//! What the programs that `aetherctl` starts get to see of its environment.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod common;

use std::{collections::BTreeSet, fs, os::unix::fs::PermissionsExt as _, path::Path};

use common::{Home, profile, ran};

const SECRETS: [(&str, &str); 8] = [
    ("AETHER_GRAFANA_TOKEN", "s3cret-grafana"),
    ("AETHER_PROMETHEUS_PASSWORD", "s3cret-prometheus"),
    ("AETHER_S3_PASSWORD", "s3cret-storage"),
    ("AWS_SECRET_ACCESS_KEY", "s3cret-aws"),
    ("GF_SECURITY_ADMIN_PASSWORD", "s3cret-admin"),
    ("DOCKER_AUTH_CONFIG", "s3cret-registry"),
    ("HTTPS_PROXY", "http://ann:s3cret-proxy@127.0.0.1:1"),
    ("UNRELATED", "s3cret-unrelated"),
];

/// Programs that write down their environment, and then do as little as the panel needs.
fn programs(folder: &Path, dumps: &Path) {
    fs::create_dir_all(folder).unwrap();
    fs::create_dir_all(dumps).unwrap();
    for (name, script) in [
        ("git", "exit 1"),
        ("promtool", "exit 0"),
        ("amtool", "exit 0"),
        ("docker", "if [ \"$2\" = version ]; then echo v2.29.1; else echo '{\"services\":{}}'; fi"),
    ] {
        let path = folder.join(name);
        let dump = format!("env > {}/{name}.$$; echo \"$@\" > /dev/null", dumps.display());
        fs::write(&path, format!("#!/bin/sh\n{dump}\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

const COMPOSE: &str = "
services:
  prometheus:
    image: prom/prometheus:${TAG:-v1}
    container_name: aether-prom
    environment:
      A: ${GF_SECURITY_ADMIN_PASSWORD}
      B: ${AETHER_GRAFANA_TOKEN}
      C: ${AWS_SECRET_ACCESS_KEY-}
";

#[test]
fn children_never_see_secrets_of_the_environment() {
    let home = Home::new();
    let pack = home.path().join("pack");
    fs::create_dir_all(pack.join(".git")).unwrap();
    for (name, text) in [
        ("prometheus.yml", "global: {}\nrule_files: [rules.yml]\n"),
        ("rules.yml", "groups:\n  - name: g\n    rules:\n      - record: a\n        expr: vector(1)\n"),
        ("alertmanager.yml", "route: {receiver: a}\nreceivers: [{name: a}]\n"),
        ("compose.yml", COMPOSE),
    ] {
        fs::write(pack.join(name), text).unwrap();
    }
    let extra = format!(
        "[pack]\ndir = {:?}\nfiles = [\"prometheus.yml\", \"rules.yml\", \"alertmanager.yml\"]\n[backup]\ndir = {:?}\n",
        pack.display().to_string(),
        pack.join("backups").display().to_string()
    );
    // Port 1 on loopback: nothing listens there.
    let text = profile("http://127.0.0.1:1", &["http://127.0.0.1:1"]) + &extra;
    let stack = home.file("stack.toml", &text);
    let (bin, dumps) = (home.path().join("bin"), home.path().join("dumps"));
    programs(&bin, &dumps);

    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for verb in [&["check", "preprod"][..], &["pins"], &["backup", "list"]] {
        let mut command = home.command(&[verb, &["--stack", &stack]].concat());
        command.env("PATH", &path).env("TAG", "v2.54.1").env("LC_ALL", "C.UTF-8").envs(SECRETS);
        // They name other programs than those of the test.
        command.env_remove("AETHER_PROMTOOL").env_remove("AETHER_AMTOOL");
        let ran = ran(command.output().unwrap());
        assert!(!ran.out.contains("s3cret") && !ran.err.contains("s3cret"), "{verb:?}: {ran:?}");
    }

    let mut called = BTreeSet::new();
    for entry in fs::read_dir(&dumps).unwrap() {
        let entry = entry.unwrap();
        let program = entry.file_name().to_string_lossy().split('.').next().unwrap().to_owned();
        let text = fs::read_to_string(entry.path()).unwrap();
        assert!(text.contains("PATH=") && text.contains("LC_ALL=C.UTF-8"), "{program} needs these: {text}");
        assert!(!text.contains("s3cret"), "{program} saw a secret:\n{text}");
        for (name, _) in SECRETS {
            assert!(!text.lines().any(|line| line.starts_with(&format!("{name}="))), "{program} saw {name}");
        }
        assert!(!text.contains("AETHER_"), "{program} saw a variable of the panel:\n{text}");
        // What the compose files name, and the panel's own reader takes too.
        assert_eq!(text.contains("TAG=v2.54.1"), program == "docker", "{program}:\n{text}");
        called.insert(program);
    }
    for program in ["promtool", "amtool", "docker"] {
        assert!(
            called.contains(program),
            "{program} was not run, so this shows nothing about it: {called:?}"
        );
    }
}
