//! Small things about sentences: foreign text inside Markdown, moments, capital letters.

use std::collections::BTreeMap;

use aether_contract::Timestamp;

/// A text whose first letter is a capital one.
pub fn capital(text: &str) -> String {
    let mut all = text.chars();
    all.next().map(|first| first.to_uppercase().chain(all).collect()).unwrap_or_default()
}

/// A duration with its two largest units ("1 h 5 min", "4 min 12 s"). Negative values become zero.
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

/// Whether a character only shows itself: it moves no cursor, starts no escape sequence, is not invisible, and
/// changes no direction of reading.
pub fn is_harmless(c: char) -> bool {
    match c {
        // Bidirectional marks, embeddings, overrides and isolates; zero-width and invisible operators; line and
        // paragraph separators; the tag block.
        '\u{061c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => false,
        // Both C0 and C1.
        c => !c.is_control(),
    }
}

/// Foreign text on one line, with nothing in it that Markdown would take for its own.
pub fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Foreign text as code.
pub fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| {
            if c == '`' {
                '\''
            } else if c.is_control() {
                ' '
            } else {
                c
            }
        })
        .collect();
    format!("`{text}`")
}

/// A moment on this machine's clock.
pub fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_else(|_| "unknown time".to_owned())
}

/// A moment to the second, in UTC: a draft is read in other places, too.
pub fn moment_utc(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
        .unwrap_or_else(|_| "unknown time".to_owned())
}

/// Longest label or annotation value that goes to a screen, in bytes.
pub const MAX_VALUE: usize = 4096;

/// Cuts to at most `max` bytes at a character boundary; a cut text ends in "…".
pub fn truncate(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut cut = text.get(..end).unwrap_or_default().to_owned();
    cut.push('…');
    cut
}

/// All values of a label or annotation set, cut.
pub fn truncate_all(values: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    values.iter().map(|(name, value)| (truncate(name, 256), truncate(value, MAX_VALUE))).collect()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A size for people.
pub fn size(bytes: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    // Nothing summed up is a negative nothing.
    let mut value = bytes.abs();
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    let unit = units.get(unit).unwrap_or(&"B");
    if *unit == "B" || value >= 99.5 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

/// "1 alert", "2 alerts".
pub fn plural(n: usize, one: &str) -> String {
    verb(n, one, &format!("{one}s"))
}

/// "1 alert is", "2 alerts are": where more than the noun depends on the count.
pub fn verb(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text_on_its_line() {
        assert_eq!(
            inline("# a\n[b](c) | *d* <e> ![f] `g` ~h~ i_j"),
            "\\# a \\[b\\](c) \\| \\*d\\* \\<e\\> \\!\\[f\\] \\`g\\` \\~h\\~ i\\_j"
        );
        assert_eq!(code("a`b\nc"), "`a'b c`");
        assert_eq!(capital("it is"), "It is");
    }

    #[test]
    fn one_is_singular_and_every_other_count_is_plural() {
        assert_eq!([0, 1, 2].map(|n| plural(n, "alert")), ["0 alerts", "1 alert", "2 alerts"]);
        assert_eq!([1, 3].map(|n| verb(n, "rule is", "rules are")), ["1 rule is", "3 rules are"]);
    }

    #[test]
    fn sizes_are_for_people() {
        assert_eq!(size(0.0), "0 B");
        assert_eq!(size(999.0), "999 B");
        assert_eq!(size(1_234.0), "1.2 kB");
        assert_eq!(size(999_600.0), "1.0 MB");
        assert_eq!(size(1.4e9), "1.4 GB");
    }
}
