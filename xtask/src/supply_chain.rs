//! The supply chain: licenses, sources, banned crates and known advisories of every dependency, by cargo-deny.
//! `deny.toml` says what is accepted.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    display::stop,
    process::{run, show},
    tally::{Tally, simple},
    tools::DENY,
};

/// How long the advisory database may take to arrive. A firewall that drops packets must not stop the other checks.
const PATIENCE: Duration = Duration::from_secs(90);

/// All checks. Advisories count as skipped where their database can't be fetched.
pub fn check() -> Tally {
    if let Err(error) = DENY.command() {
        return simple(Err(error));
    }
    let mut tally = Tally::default();
    for which in ["licenses", "bans", "sources"] {
        tally.add(simple(
            DENY.command().and_then(|mut deny| run(deny.args(["check", "--hide-inclusion-graph", which]))),
        ));
    }
    tally.add(advisories());
    tally
}

fn advisories() -> Tally {
    let fetched = DENY.command().and_then(|mut deny| {
        // Git is a child of cargo-deny's, and gives up by itself when nothing arrives.
        deny.env("GIT_TERMINAL_PROMPT", "0").env("GIT_HTTP_LOW_SPEED_LIMIT", "1000");
        deny.env("GIT_HTTP_LOW_SPEED_TIME", "30");
        within(deny.args(["fetch", "db"]), PATIENCE)
    });
    match fetched {
        Ok(()) => simple(DENY.command().and_then(|mut deny| {
            run(deny.args(["check", "--disable-fetch", "--hide-inclusion-graph", "advisories"]))
        })),
        Err(why) => {
            println!("skipped: the advisory database is unavailable, so advisories were not checked ({why})");
            Tally { skipped: 1, ..Tally::default() }
        }
    }
}

/// Runs a command to its end, or ends it when its time is up.
fn within(command: &mut Command, patience: Duration) -> Result<(), String> {
    let text = show(command);
    let mut child =
        command.stdin(Stdio::null()).spawn().map_err(|error| format!("failed to start `{text}`: {error}"))?;
    let deadline = Instant::now() + patience;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => return Err(format!("`{text}` failed ({status})")),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(100)),
            Ok(None) => {
                stop(&mut child);
                return Err(format!("`{text}` took more than {} s", patience.as_secs()));
            }
            Err(error) => return Err(format!("`{text}`: {error}")),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::process::command;

    #[test]
    fn command_that_hangs_is_ended_when_its_time_is_up() {
        let started = Instant::now();
        let error = within(command("sleep").arg("60"), Duration::from_millis(200)).unwrap_err();
        assert!(error.contains("sleep 60") && started.elapsed() < Duration::from_secs(30), "{error}");
        assert!(within(&mut command("false"), Duration::from_secs(30)).unwrap_err().contains("failed"));
        assert_eq!(within(&mut command("true"), Duration::from_secs(30)), Ok(()));
    }
}
