//! Numbers, times and foreign text as people read them in a terminal.

use aether_contract::{Gauge, ReadingState, Timestamp};

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
        let harmless = match c {
            '\n' => newlines,
            // Bidirectional marks, embeddings, overrides and isolates; zero-width and invisible operators;
            // line and paragraph separators; the tag block.
            '\u{061c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' => false,
            c => !c.is_control(),
        };
        if harmless {
            out.push(c);
        } else {
            out.extend(c.escape_default());
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

/// A length of time: the two largest units ("1 h 5 min", "4 min 12 s"). Negative counts as nothing.
pub fn span(millis: i64) -> String {
    let s = millis.max(0) / 1_000;
    let (big, small) = match s {
        0..60 => return format!("{s} s"),
        60..3_600 => ((s / 60, "min"), (s % 60, "s")),
        3_600..86_400 => ((s / 3_600, "h"), (s % 3_600 / 60, "min")),
        _ => ((s / 86_400, "d"), (s % 86_400 / 3_600, "h")),
    };
    if small.0 == 0 {
        format!("{} {}", big.0, big.1)
    } else {
        format!("{} {} {} {}", big.0, big.1, small.0, small.1)
    }
}

/// An instant in local time, to the minute.
pub fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|t| t.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_else(|_| "out of range".into())
}

/// This machine's clock.
pub fn now() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_millisecond())
}

/// A number with its unit. Digits enough to tell neighbours apart, no more.
pub fn amount(value: f64, unit: &str) -> String {
    let digits = match value.abs() {
        v if v >= 1_000.0 => 0,
        v if v >= 1.0 || v == 0.0 => 1,
        _ => 3,
    };
    match unit {
        "percent" => format!("{value:.1} %"),
        "usd" if value < 0.0 => format!("-${:.2}", -value),
        "usd" => format!("${value:.2}"),
        "score" => format!("{value:.1}"),
        "" => format!("{value:.digits$}"),
        other => format!("{value:.digits$} {}", plain(other)),
    }
}

/// What a gauge reads, in words where there is no number.
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
    fn amounts_carry_their_unit() {
        assert_eq!(amount(93.24, "percent"), "93.2 %");
        assert_eq!(amount(1234.5, "usd"), "$1234.50");
        assert_eq!(amount(-2.0, "usd"), "-$2.00");
        assert_eq!(amount(0.0, "ms"), "0.0 ms");
        assert_eq!(amount(0.0123, "s"), "0.012 s");
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
