//! Small things about sentences: foreign text inside Markdown, moments, capital letters.

use aether_contract::Timestamp;

/// A text whose first letter is a capital one.
pub fn capital(text: &str) -> String {
    let mut all = text.chars();
    all.next().map(|first| first.to_uppercase().chain(all).collect()).unwrap_or_default()
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
}
