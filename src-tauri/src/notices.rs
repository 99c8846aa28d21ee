//! Notices on the desktop. A convenience: where the desktop has none, the window shows them all the same.

use aether_contract::{Level, Notice};
use notify_rust::{Notification, Timeout};
use tauri::{AppHandle, Manager, Runtime};

use crate::{cell::PanelCell, window};

/// Shows a notice beside the window. A click on it brings the window to what it is about.
pub fn show<R: Runtime>(app: &AppHandle<R>, notice: Notice) {
    let app = app.clone();
    // A thread of its own: it waits until the person has clicked or closed it.
    let started = std::thread::Builder::new().name("notice".to_owned()).spawn(move || {
        let mut shown = Notification::new();
        shown
            .appname("AetherLink")
            .summary(&plain(&notice.title))
            .body(&plain(&notice.text))
            .icon("aetherlink-panel");
        if notice.level != Level::Critical {
            shown.timeout(Timeout::Milliseconds(10_000));
        }
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            if notice.level == Level::Critical {
                shown.urgency(notify_rust::Urgency::Critical);
            }
            shown.action("default", "Open");
        }
        match shown.show() {
            #[cfg(all(unix, not(target_os = "macos")))]
            Ok(handle) => handle.wait_for_action(|action| {
                if action == "default" {
                    open(&app, &notice);
                }
            }),
            #[cfg(not(all(unix, not(target_os = "macos"))))]
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the desktop does not support notifications"),
        }
    });
    if let Err(error) = started {
        tracing::warn!(%error, "failed to show a notification");
    }
}

#[cfg_attr(not(all(unix, not(target_os = "macos"))), allow(dead_code, reason = "no click is told there"))]
fn open<R: Runtime>(app: &AppHandle<R>, notice: &Notice) {
    window::focus(app);
    if let Some(panel) = app.state::<PanelCell>().now() {
        panel.navigate_to(&notice.screen, &notice.filter);
    }
}

/// Servers' texts are untrusted, and desktops read markup in them.
fn plain(text: &str) -> String {
    let cut: String = text.chars().filter(|c| !c.is_control() || *c == '\n').take(300).collect();
    cut.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_of_a_server_is_shown_and_not_obeyed() {
        assert_eq!(plain("<b>x</b> & \u{1b}[31my"), "&lt;b&gt;x&lt;/b&gt; &amp; [31my");
        assert_eq!(plain(&"x".repeat(5000)).len(), 300);
    }
}
