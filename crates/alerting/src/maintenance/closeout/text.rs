//! A close-out report as Markdown, for a ticket or a chat.

use std::fmt::Write as _;

use aether_contract::{CloseOut, CloseOutAlert, SilenceState};

use aether_foundation::text::{code, inline, moment};

/// Lines of a list.
const MAX_LINES: usize = 200;

/// The report as Markdown.
pub fn markdown(report: &CloseOut) -> String {
    let mut out = String::new();
    let title = if report.preliminary { "Maintenance so far" } else { "Maintenance close-out" };
    // Writing into a text can't fail.
    let _ = writeln!(out, "# {title}: {}\n", inline(&report.reason));
    let minutes = report.ended_at.millis_since(report.starts_at).max(0) / 60_000;
    let _ = writeln!(
        out,
        "- Window: {} to {} ({minutes} min), created by {}, stack {}",
        moment(report.starts_at),
        moment(report.ended_at),
        inline(&report.created_by),
        inline(&report.stack)
    );
    let _ = writeln!(out, "- Alerts muted: {}", report.hidden);
    for note in &report.notes {
        let _ = writeln!(out, "- {}", inline(note));
    }
    section(&mut out, "Still firing", &report.still_firing, true);
    section(&mut out, "Resolved while muted, close manually", &report.open_outside, true);
    section(&mut out, "Will fire again without a notification", &report.silent_again, true);
    section(&mut out, "Started and resolved while muted", &report.unseen, false);
    let active = report.silences.iter().filter(|silence| silence.state == SilenceState::Active);
    let lines: Vec<String> = active
        .take(MAX_LINES)
        .map(|silence| {
            let matchers: Vec<String> =
                silence.matchers.iter().map(aether_foundation::matching::matcher::text).collect();
            format!(
                "- until {} by {}: {} ({})",
                moment(silence.ends_at),
                inline(&silence.created_by),
                code(&matchers.join(", ")),
                inline(&silence.comment)
            )
        })
        .collect();
    let _ = writeln!(out, "\n## Active silences ({})\n", lines.len());
    let _ = writeln!(out, "{}", if lines.is_empty() { "None.".to_owned() } else { lines.join("\n") });
    out
}

fn section(out: &mut String, title: &str, alerts: &[CloseOutAlert], always: bool) {
    if alerts.is_empty() && !always {
        return;
    }
    let _ = writeln!(out, "\n## {title} ({})\n", alerts.len());
    if alerts.is_empty() {
        let _ = writeln!(out, "None.");
    }
    for alert in alerts.iter().take(MAX_LINES) {
        let severity = alert.severity.as_str();
        let labels = || format!("{{{}}}", alert.labels.join(", "));
        let name = &if alert.name.is_empty() { labels() } else { alert.name.clone() };
        let _ = write!(out, "- {} ({severity}", code(name));
        if let Some(tenant) = &alert.tenant {
            let _ = write!(out, ", tenant {}{}", code(tenant), if alert.vip { ", VIP" } else { "" });
        }
        let _ = write!(out, ") since {}", moment(alert.began));
        if let Some(ended) = alert.ended {
            let _ = write!(out, ", resolved {}", moment(ended));
        }
        if let Some(by) = alert.pages_by {
            let _ = write!(out, "; **pages by {}**", moment(by));
        }
        if !alert.receivers.is_empty() {
            let _ = write!(out, "; to {}", inline(&alert.receivers.join(", ")));
        }
        if !alert.labels.is_empty() {
            let _ = write!(out, "; {}", code(&alert.labels.join(" ")));
        }
        let _ = writeln!(
            out,
            "{}",
            if alert.note.is_empty() { String::new() } else { format!(". {}", inline(&alert.note)) }
        );
    }
    if alerts.len() > MAX_LINES {
        let _ = writeln!(out, "- and {} more", alerts.len() - MAX_LINES);
    }
}

#[cfg(test)]
mod tests {
    use aether_contract::{AlertFingerprint, Severity, Timestamp, WindowId};

    use super::*;

    #[test]
    fn the_report_reads_as_markdown_and_foreign_text_stays_text() {
        let at = Timestamp(1_700_000_000_000);
        let alert = |name: &str| CloseOutAlert {
            fingerprint: AlertFingerprint("a".into()),
            name: name.into(),
            severity: Severity::Critical,
            tenant: Some("vip`1".into()),
            vip: true,
            labels: vec!["job=\"x\"".into()],
            began: at,
            ended: None,
            receivers: vec!["pager".into()],
            pages_from: Some(at),
            pages_by: Some(at.plus_millis(300_000)),
            note: "Began in the window.".into(),
        };
        let report = CloseOut {
            window: WindowId("w".into()),
            stack: "s".into(),
            reason: "[deploy](javascript:x) <img>\nline".into(),
            created_by: "ann".into(),
            starts_at: at,
            ended_at: at.plus_millis(1_800_000),
            preliminary: false,
            made_at: at,
            hidden: 2,
            left_over: 1,
            still_firing: vec![alert("Disk`Full`")],
            open_outside: vec![],
            silent_again: vec![],
            unseen: vec![alert("Blip")],
            silences: vec![],
            notes: vec!["One server was down.".into()],
            markdown: String::new(),
        };
        let text = markdown(&report);
        let by = moment(at.plus_millis(300_000));
        assert!(
            text.contains("# Maintenance close-out: \\[deploy\\](javascript:x) \\<img\\> line\n"),
            "{text}"
        );
        assert!(text.contains("(30 min), created by ann, stack s"), "{text}");
        assert!(text.contains("- `Disk'Full'` (critical, tenant `vip'1`, VIP) since"), "{text}");
        assert!(text.contains(&format!("**pages by {by}**; to pager")), "{text}");
        assert!(text.contains("## Resolved while muted, close manually (0)\n\nNone."), "{text}");
        assert!(text.contains("## Started and resolved while muted (1)"), "{text}");
        assert!(text.contains("## Active silences (0)\n\nNone."), "{text}");
    }
}
