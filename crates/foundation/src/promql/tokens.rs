//! An expression's tokens with their places: the parser keeps none. Pure.

use std::ops::Range;

use promql_parser::util::parse_duration;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A number or a duration.
    Number,
    /// A name or a keyword.
    Word,
    /// A text in quotes.
    Text,
    /// An operator, a bracket, a comma.
    Sign,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token<'a> {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands, in bytes.
    pub at: Range<usize>,
    /// Its text.
    pub text: &'a str,
}

/// The tokens of an expression, without blanks and comments. None for a text whose quotes do not close.
pub fn tokens(text: &str) -> Option<Vec<Token<'_>>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut brackets = 0_usize;
    while let Some(c) = text.get(at..)?.chars().next() {
        let rest = text.get(at..)?;
        let after = |n: usize| rest.get(n..).and_then(|rest| rest.chars().next());
        let (kind, length) = match c {
            _ if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '#' => {
                at += rest.find(['\n', '\r']).unwrap_or(rest.len());
                continue;
            }
            '"' | '\'' | '`' => (TokenKind::Text, quoted(rest, c)?),
            _ if c.is_ascii_digit() || (c == '.' && after(1).is_some_and(|next| next.is_ascii_digit())) => {
                (TokenKind::Number, number_length(rest))
            }
            _ if starts_word(c) || (c == ':' && brackets == 0) => {
                let inside = |c: char| starts_word(c) || c.is_ascii_digit() || (c == ':' && brackets == 0);
                (TokenKind::Word, rest.find(|c: char| !inside(c)).unwrap_or(rest.len()))
            }
            _ => {
                brackets = match c {
                    '[' => brackets + 1,
                    ']' => brackets.saturating_sub(1),
                    _ => brackets,
                };
                let two = ["==", "!=", "<=", ">=", "=~", "!~"].iter().any(|sign| rest.starts_with(sign));
                (TokenKind::Sign, if two { 2 } else { c.len_utf8() })
            }
        };
        found.push(Token { kind, at: at..at + length, text: rest.get(..length)? });
        at += length;
    }
    Some(found)
}

fn starts_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

/// The length of a text with its quotes.
fn quoted(rest: &str, quote: char) -> Option<usize> {
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            // Between backticks a backslash is a character like any other.
            '\\' if quote != '`' => drop(chars.next()),
            _ if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

fn number_length(rest: &str) -> usize {
    let hex = rest.starts_with("0x") || rest.starts_with("0X");
    let mut before = ' ';
    for (at, c) in rest.char_indices() {
        let sign = !hex && matches!(c, '+' | '-') && matches!(before, 'e' | 'E');
        if !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.') || sign) {
            return at;
        }
        before = c;
    }
    rest.len()
}

/// The value of a number or a duration as Prometheus reads it: `.80`, `1e-3`, `0x1F`, `017`, `1_000`, `1h30m`, `Inf`.
pub fn number(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "inf" | "+inf" => return Some(f64::INFINITY),
        "nan" => return Some(f64::NAN),
        _ if !lower.starts_with(|first: char| first.is_ascii_digit() || first == '.') => return None,
        _ => {}
    }
    let plain = without_underscores(&lower)?;
    if let Some(digits) = plain.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok().map(|value| value as f64);
    }
    let octal =
        plain.len() > 1 && plain.starts_with('0') && plain.bytes().all(|b| (b'0'..=b'7').contains(&b));
    if octal {
        return i64::from_str_radix(&plain, 8).ok().map(|value| value as f64);
    }
    let zero = || {
        let unit = plain.trim_start_matches('0');
        (unit.len() < plain.len() && ["ms", "s", "m", "h", "d", "w", "y"].contains(&unit)).then_some(0.0)
    };
    plain.parse().ok().or_else(zero).or_else(|| parse_duration(&plain).ok().map(|time| time.as_secs_f64()))
}

/// A number without the underscores between its digits. None where they stand elsewhere.
pub(super) fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|b| b.is_ascii_hexdigit() || matches!(b, b'x' | b'X'))
    };
    let sound = text.match_indices('_').all(|(at, _)| digit(at.checked_sub(1)) && digit(Some(at + 1)));
    sound.then(|| text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_number_has_its_value() {
        for (text, value) in [
            ("0", 0.0),
            (".80", 0.8),
            ("1.", 1.0),
            ("1e-3", 0.001),
            ("1E3", 1000.0),
            ("0x1F", 31.0),
            ("0X1f", 31.0),
            ("017", 15.0),
            ("089", 89.0),
            ("1_000", 1000.0),
            ("1_000.5", 1000.5),
            ("0x_1F", 31.0),
            ("5m", 300.0),
            ("1h30m", 5400.0),
            ("100ms", 0.1),
            ("0s", 0.0),
            ("Inf", f64::INFINITY),
        ] {
            assert_eq!(number(text), Some(value), "{text}");
        }
        for text in ["", "x", "1_", "_1", "1__0", "0x", "5 m", "1.2.3", "5mm"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn tokens_have_their_places_and_comments_and_texts_hold_none() {
        let text = "sum(a:b{l=~\"x # > 1\"}[5m:1m]) >= 1e-3 # > 7\n and c<.5";
        let found: Vec<&str> = tokens(text).unwrap().into_iter().map(|token| token.text).collect();
        let expected = [
            "sum",
            "(",
            "a:b",
            "{",
            "l",
            "=~",
            "\"x # > 1\"",
            "}",
            "[",
            "5m",
            ":",
            "1m",
            "]",
            ")",
            ">=",
            "1e-3",
            "and",
            "c",
            "<",
            ".5",
        ];
        assert_eq!(found, expected);
        assert!(tokens(text).unwrap().iter().all(|token| text[token.at.clone()] == *token.text));
        assert_eq!(tokens("a{b=`\\`} + c").unwrap().len(), 8);
        assert_eq!(tokens("a{b=\"x"), None);
    }
}
