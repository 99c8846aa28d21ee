//! Links open in the person's browser, never in the window.

use aether_contract::{ErrorCode, PanelError};
use aether_core::Host;

/// The desktop around the window.
pub struct Desktop;

impl Host for Desktop {
    fn open_url(&self, url: &str) -> Result<(), PanelError> {
        // The Panel has checked this; the desktop would run a program for any other scheme.
        if !openable(url) {
            return Err(PanelError::new(
                ErrorCode::InvalidRequest,
                "window",
                "Only http, https and mails are opened.",
            ));
        }
        open::that_detached(url).map_err(|error| {
            PanelError::new(ErrorCode::NotFound, "desktop", "No browser could be started.")
                .with_hint("Copy the address and open it by hand.")
                .with_detail(error.to_string())
        })
    }
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
