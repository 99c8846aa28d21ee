//! The real Secret Service: GNOME Keyring on a D-Bus session of its own, in a temporary home, so that nothing of the
//! account that runs the tests is touched. Where the programs are missing, the tests say so and pass.
//!
//! The bus is found through the environment, which a test can't change for its own process; so each test starts this
//! same test binary again as a child, inside the session, with the steps to take.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Output},
};

use super::*;

const STEPS: &str = "AETHER_TEST_KEYRING_STEPS";
const CHILD: &str = "secrets::tests::live::steps_in_a_session_of_its_own";
const PROGRAMS: [&str; 3] = ["dbus-daemon", "dbus-run-session", "gnome-keyring-daemon"];

/// A bus that starts no service by itself: neither the account's own keyring nor a prompt.
const BUS: &str = r#"<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
 </policy>
</busconfig>"#;

/// Starts an unlocked keyring and waits until it answers.
const UNLOCKED: &str = r#"
printf 'correct horse' | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
daemon=$!
owned() {
  for _ in $(seq 200); do
    dbus-send --session --print-reply --dest=org.freedesktop.DBus /org/freedesktop/DBus \
      org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets 2>/dev/null | grep -q true && return 0
    sleep 0.05
  done
  echo 'the keyring did not start' >&2; exit 97
}
end_keyring() { kill "$daemon"; wait "$daemon" 2>/dev/null; }
owned
"#;

struct Session {
    root: tempfile::TempDir,
}

impl Session {
    /// `None`, with a word why, where the programs are missing.
    fn new() -> Option<Self> {
        let on_path = |program: &&str| {
            std::env::var_os("PATH")
                .is_some_and(|path| std::env::split_paths(&path).any(|dir| dir.join(program).is_file()))
        };
        if let Some(missing) = PROGRAMS.iter().find(|program| !on_path(program)) {
            println!("skipped: {missing} is not installed");
            return None;
        }
        let root = tempfile::tempdir().unwrap();
        std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        std::fs::write(root.path().join("bus.conf"), BUS).unwrap();
        Some(Self { root })
    }

    /// The command with nothing of this account's session in its environment.
    fn clean(&self, command: &mut Command) {
        command.env_clear();
        for kept in ["PATH", "LD_LIBRARY_PATH", "RUST_BACKTRACE"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command.env("HOME", self.root.path()).env("XDG_RUNTIME_DIR", self.root.path());
    }

    /// Runs a script inside a bus of its own; `$CHILD steps` in it runs the named steps in this test binary.
    fn run(&self, script: &str) {
        // A child that ran nothing (a renamed test) must not pass.
        let child = format!(
            "child() {{ out=$({STEPS}=\"$1\" \"$EXE\" --exact {CHILD} --ignored --nocapture 2>&1); code=$?; \
                echo \"$out\"; \
             case \"$code $out\" in 0*\"1 passed\"*) ;; *) exit 98 ;; esac; }}"
        );
        let script = format!("{child}\n{script}");
        let path = self.root.path().join("script.sh");
        std::fs::write(&path, script).unwrap();
        let mut command = Command::new("timeout");
        command.args(["60", "dbus-run-session", "--config-file"]).arg(self.root.path().join("bus.conf"));
        command.arg("--").arg("sh").arg(&path);
        self.clean(&mut command);
        command.env("EXE", std::env::current_exe().unwrap());
        passed(&command.output().unwrap());
    }
}

fn passed(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
}

fn files_below(dir: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files_below(&entry.path(), found),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

#[test]
fn a_real_keyring_keeps_a_credential_over_a_restart_and_shows_it_on_no_disk() {
    let Some(session) = Session::new() else { return };
    session.run(&format!(
        "{UNLOCKED} child store; child found\n end_keyring\n {UNLOCKED} child found; child delete; child \
            nothing\n end_keyring"
    ));
    let mut files = Vec::new();
    files_below(session.root.path(), &mut files);
    assert!(files.iter().any(|file| file.extension().is_some_and(|ending| ending == "keyring")), "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "{}", file.display());
    }
}

#[test]
fn a_real_keyring_that_is_restarted_is_found_again_by_the_same_process() {
    let Some(session) = Session::new() else { return };
    let restart =
        format!("{UNLOCKED} echo \"$daemon\" > \"$HOME/pid\"; child outlive; kill \"$(cat \"$HOME/pid\")\"");
    // The child asks for the restart by a file and goes on when it is done.
    let helper = format!(
        "( while [ ! -e \"$HOME/ask\" ]; do sleep 0.05; done; kill \"$(cat \"$HOME/pid\")\"; sleep 0.2\n \
            {UNLOCKED} echo \"$daemon\" > \"$HOME/pid\"; touch \"$HOME/done\" ) &\n"
    );
    session.run(&format!("{helper}{restart}"));
}

#[test]
fn a_real_locked_keyring_is_told_as_locked() {
    let Some(session) = Session::new() else { return };
    session.run(&format!(
        "{UNLOCKED} child store\n end_keyring\n
         gnome-keyring-daemon --foreground --components=secrets </dev/null >/dev/null 2>&1 & daemon=$!\n \
         owned\n child locked\n end_keyring"
    ));
}

#[test]
fn a_bus_without_a_keyring_is_told_as_unavailable() {
    let Some(session) = Session::new() else { return };
    session.run("child unavailable");
}

#[test]
fn no_bus_at_all_is_told_as_unavailable() {
    let Some(session) = Session::new() else { return };
    for address in [None, Some("unix:path=/nonexistent/bus"), Some("nonsense")] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", CHILD, "--ignored", "--nocapture"]);
        session.clean(&mut command);
        command.env(STEPS, "unavailable");
        if let Some(address) = address {
            command.env("DBUS_SESSION_BUS_ADDRESS", address);
        }
        let output = command.output().unwrap();
        passed(&output);
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    }
}

const SECRET: &str = "glsa_a-credential-that-no-file-may-hold";

/// Runs only as a child of the tests above.
#[tokio::test]
#[ignore = "run by the tests above"]
async fn steps_in_a_session_of_its_own() {
    let Ok(steps) = std::env::var(STEPS) else { return };
    let secrets = Secrets::open(SecretsOptions { fallback: Fallback::Fail, ..SecretsOptions::from_env() });
    let home = std::env::var("HOME").unwrap();
    match steps.as_str() {
        "store" => {
            for text in ["an-older-one", SECRET] {
                assert_eq!(
                    secrets.set("prod", &token(), secret(text), servers()).await,
                    Ok(SecretStore::Keyring)
                );
            }
            assert_eq!(secrets.status(&profile()).await.store, SecretStore::Keyring);
        }
        "found" => {
            assert_eq!(read(&secrets).await, Ok(Some(SECRET.to_owned())));
            assert!(secrets.get("staging", &token(), &server()).await.unwrap().is_none());
        }
        "delete" => secrets.delete("prod", &token()).await.unwrap(),
        "nothing" => {
            assert_eq!(read(&secrets).await, Ok(None));
            let error = secrets.delete("prod", &token()).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::SecretMissing);
        }
        "outlive" => {
            secrets.set("prod", &token(), secret(SECRET), servers()).await.unwrap();
            std::fs::write(format!("{home}/ask"), "").unwrap();
            while !Path::new(&format!("{home}/done")).exists() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert_eq!(read(&secrets).await, Ok(Some(SECRET.to_owned())));
        }
        "locked" => {
            assert_eq!(read(&secrets).await, Err(ErrorCode::KeyringLocked));
            let error = secrets.set("prod", &token(), secret(SECRET), servers()).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::KeyringLocked);
            assert_eq!(secrets.status(&profile()).await.store, SecretStore::Memory);
        }
        "unavailable" => {
            assert_eq!(read(&secrets).await, Err(ErrorCode::KeyringUnavailable));
            let error = secrets.set("prod", &token(), secret(SECRET), servers()).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::KeyringUnavailable);
        }
        other => panic!("unknown steps {other}"),
    }
}
