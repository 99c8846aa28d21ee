//! Human-readable numbers, times and untrusted text.

use aether_contract::{Gauge, ReadingState, Timestamp};
pub use aether_panel::text::span;
use aether_panel::{text::is_harmless, units};

/// Text from a server with everything that could move the cursor, colour the terminal or turn the reading
/// direction replaced by its escape, so that a label can't forge a line. Newlines are escaped too.
pub fn plain(text: &str) -> String {
    escape(text, false)
}

/// As [`plain`], but keeps newlines: for messages of the panel's own that span lines.
pub fn plain_lines(text: &str) -> String {
    escape(text, true)
}

fn escape(text: &str, newlines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmless(c) || newlines && c == '\n' {
            out.push(c);
        } else {
            out.extend(c.escape_default());
        }
    }
    out
}

/// The last look at what goes to a terminal: line breaks, tabs and the panel's own colours stay, and every other
/// control character is escaped, even where a command forgot to.
pub fn terminal(text: &str) -> String {
    const COLOURS: [&str; 6] = ["\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"];
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = match COLOURS.iter().find(|colour| rest.starts_with(**colour)) {
            Some(colour) => {
                out.push_str(colour);
                colour.len()
            }
            None if is_harmless(c) || matches!(c, '\n' | '\t') => {
                out.push(c);
                c.len_utf8()
            }
            None => {
                out.extend(c.escape_default());
                c.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// JSON with `\u` escapes for what a terminal would obey. Outside of its strings JSON has none of these characters,
/// so the document stays the same.
pub fn json(document: &str) -> String {
    let mut out = String::with_capacity(document.len());
    for c in document.chars() {
        if is_harmless(c) || matches!(c, '\n' | '\t') {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// At most `width` characters, with an ellipsis where something was cut.
pub fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(width.saturating_sub(1)).collect();
    out.push('…');
    out
}

/// A length that somebody planned, to the minute: a server's clock adds or takes a second.
pub fn planned(millis: i64) -> String {
    if millis < 60_000 { span(millis) } else { span(millis.saturating_add(30_000) / 60_000 * 60_000) }
}

/// A time in the local zone, to the minute.
pub fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|t| t.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_else(|_| "out of range".into())
}

/// Current time of this machine.
pub fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// A gauge's value, or a phrase if it has none.
pub fn reading(gauge: &Gauge) -> String {
    match (gauge.state, gauge.value) {
        (ReadingState::Value, Some(value)) => amount(value, &gauge.spec.unit),
        (ReadingState::NoTraffic, _) => "no recent traffic".into(),
        (ReadingState::Infinite, _) => "infinite".into(),
        _ => "–".into(),
    }
}

/// "1 alert", "2 alerts".
pub fn count(n: impl Into<u64>, one: &str) -> String {
    let n: u64 = n.into();
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// A threshold as the profile has it, with its unit.
pub fn threshold(value: f64, unit: &str) -> String {
    plain(&units::threshold(value, unit))
}

/// A value with its unit. Units come from profiles and servers.
pub fn amount(value: f64, unit: &str) -> String {
    plain(&units::amount(value, unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_colour_move_or_turn_the_terminal() {
        for hostile in [
            "\x1b[31mred",
            "a\rb",
            "a\nb",
            "a\tb",
            "\u{202e}txt",
            "\u{2066}x",
            "\u{9b}31m",
            "\u{7f}",
            "\u{200b}",
        ] {
            let shown = plain(hostile);
            assert!(shown.contains('\\'), "{hostile:?} → {shown}");
            assert!(
                !shown.chars().any(|c| c.is_control() || ('\u{2028}'..='\u{206f}').contains(&c)),
                "{shown:?}"
            );
        }
        assert_eq!(plain("Zürich – 東京 ✓"), "Zürich – 東京 ✓");
        assert_eq!(plain_lines("a\nb\r"), "a\nb\\r");
    }

    #[test]
    fn terminal_keeps_own_colours_and_escapes_all_other_sequences() {
        let own = "\x1b[31mred\x1b[0m\tcell\n";
        assert_eq!(terminal(own), own);
        assert_eq!(
            terminal("\x1b[2J\x1b]0;title\x07\u{9b}31m\r"),
            "\\u{1b}[2J\\u{1b}]0;title\\u{7}\\u{9b}31m\\r"
        );
        assert_eq!(terminal("\u{202e}\u{200b}"), "\\u{202e}\\u{200b}");
    }

    #[test]
    fn json_escapes_what_a_terminal_would_obey_and_means_the_same() {
        let hostile = "\u{85}\u{202e}\u{2028}\u{2029}\u{200b}\u{7f}\u{e0041} é 東京\u{1b}";
        let value = serde_json::json!({"a\u{9b}": hostile});
        let text = json(&value.to_string());
        assert!(
            text.contains("\\u009b") && text.contains("\\u202e") && text.contains("\\udb40\\udc41"),
            "{text}"
        );
        assert!(text.contains("é 東京") && text.chars().all(is_harmless), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    proptest::proptest! {
        #[test]
        fn a_matcher_on_a_terminal_is_the_one_that_is_read_back(
            name in "[a-z_]{1,4}|\\PC{1,6}|[\u{1}-\u{9f}\u{200b}-\u{206f}]{1,4}",
            value in "\\PC{0,6}[\u{0}-\u{9f}\u{200b}-\u{206f}\u{e0000}-\u{e007f}\\\\\"']{0,8}",
            is_equal: bool,
        ) {
            let matcher = aether_contract::Matcher { name, value, is_regex: false, is_equal };
            let shown = plain(&aether_panel::matching::matcher::text(&matcher));
            let read = aether_panel::matching::filter::matchers(&shown);
            proptest::prop_assert_eq!(read.unwrap(), [matcher], "{}", shown);
        }

        #[test]
        fn json_of_any_text_shows_no_control_character(
            text in "\\PC{0,8}[\u{0}-\u{9f}\u{200b}-\u{206f}]{0,12}\\PC{0,8}"
        ) {
            let value = serde_json::json!({"text": text});
            let shown = json(&value.to_string());
            proptest::prop_assert!(shown.chars().all(is_harmless));
            proptest::prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }

    #[test]
    fn spans_name_their_two_largest_units() {
        for (ms, text) in [
            (-5, "0 s"),
            (59_999, "59 s"),
            (60_000, "1 min"),
            (252_000, "4 min 12 s"),
            (3_600_000, "1 h"),
            (3_900_000, "1 h 5 min"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(span(ms), text);
        }
    }

    #[test]
    fn a_cut_text_says_so() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("äöü", 3), "äöü");
    }

    #[test]
    fn an_instant_out_of_range_is_said_not_panicked_about() {
        assert_eq!(moment(Timestamp(i64::MAX)), "out of range");
    }
}
