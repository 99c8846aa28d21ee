//! Links open in the person's browser, never in the window.

use std::{
    io,
    process::{Child, Command, Stdio},
};

use aether_contract::{ErrorCode, PanelError};
use aether_panel::{Host, child};

/// The desktop around the window.
pub struct Desktop;

impl Host for Desktop {
    fn open_url(&self, url: &str) -> Result<(), PanelError> {
        // The Panel has checked this; the desktop would run a program for any other scheme.
        if !openable(url) {
            return Err(PanelError::new(
                ErrorCode::InvalidRequest,
                "window",
                "Only HTTP, HTTPS and mail links can be opened.",
            ));
        }
        launch(open::commands(url).into_iter()).map_err(|error| {
            PanelError::new(ErrorCode::NotFound, "desktop", "Failed to start a browser.")
                .with_hint("Copy the address and open it manually.")
                .with_detail(error.to_string())
        })
    }
}

/// Starts the first launcher that is installed; the others are for when it fails. Nothing waits for the browser: it
/// may run for days. Every launcher gets a cleared environment, since the browser and its extensions inherit it.
fn launch(mut launchers: impl Iterator<Item = Command> + Send + 'static) -> io::Result<()> {
    let mut child = start_one(&mut launchers)?;
    // Collects the child's exit status, so that no zombie stays.
    std::thread::Builder::new().name("browser".to_owned()).spawn(move || {
        while !child.wait().is_ok_and(|status| status.success()) {
            match start_one(&mut launchers) {
                Ok(next) => child = next,
                Err(_) => return,
            }
        }
    })?;
    Ok(())
}

fn start_one(launchers: &mut impl Iterator<Item = Command>) -> io::Result<Child> {
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "no program for opening links is installed");
    for mut launcher in launchers {
        child::clear(&mut launcher);
        launcher.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        // Ctrl+C in the panel's terminal must not end the browser.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut launcher, 0);
        match launcher.spawn() {
            Ok(child) => return Ok(child),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn openable(url: &str) -> bool {
    tauri::Url::parse(url).is_ok_and(|url| match url.scheme() {
        "http" | "https" => url.has_host(),
        // Escalation writes these itself, to an address of the profile.
        "mailto" => {
            url.path().contains('@') && url.query_pairs().all(|(key, _)| matches!(&*key, "subject" | "body"))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn browser_inherits_no_secret_and_next_launcher_follows_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("env.txt");
        let mut missing = Command::new("/no/such/launcher");
        missing.arg("x");
        let mut failing = Command::new("sh");
        failing.args(["-c", "exit 3"]);
        let mut working = Command::new("sh");
        working.args(["-c", "env > \"$0.part\" && mv \"$0.part\" \"$0\""]).arg(&file);
        for command in [&mut failing, &mut working] {
            command.env("AETHER_GRAFANA_TOKEN", "s3cret");
        }
        launch(vec![missing, failing, working].into_iter()).unwrap();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !file.exists() {
            assert!(std::time::Instant::now() < until, "the last launcher never ran");
            std::thread::yield_now();
        }
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("PATH=") && !text.contains("s3cret") && !text.contains("CARGO_"), "{text}");
    }

    #[test]
    fn missing_launchers_are_reported() {
        let error = launch(vec![Command::new("/no/such/launcher")].into_iter()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn only_web_pages_and_plain_mails_are_opened() {
        assert!(openable("mailto:ann@example.test?subject=a%20b&body=c"));
        assert!(openable("https://example.test/a?b#c") && openable("http://127.0.0.1:9090"));
        for url in [
            "mailto:a@b?attach=/etc/passwd",
            "mailto:a@b?subject=x&cc=c@d",
            "mailto:",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "smb://host/share",
            "/bin/sh",
            "",
            "-h",
            "data:,x",
        ] {
            assert!(!openable(url), "{url}");
            assert_eq!(Desktop.open_url(url).unwrap_err().code, ErrorCode::InvalidRequest);
        }
    }
}
