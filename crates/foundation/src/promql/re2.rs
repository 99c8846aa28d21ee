//! Prometheus's patterns (RE2) as the crate `regex` reads them. Pure.
//!
//! Both read most patterns alike. Not `[[]` (a bracket in a class), `\Q…\E`, `a{b}` (a brace that repeats nothing),
//! octal escapes, `\<`, and the classes `\d`, `\w` and `\s`, which are ASCII in RE2.

use std::iter::Peekable;
use std::str::Chars;

/// The same pattern for the crate `regex`. What RE2 would refuse comes out as it is, or as what is refused too.
pub fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => escape(&mut chars, &mut out, false),
            '[' => class(&mut chars, &mut out),
            '{' if !repeats(&chars) => out.push_str("\\{"),
            _ => out.push(c),
        }
    }
    out
}

/// Whether a repetition is repeated (`a**`, `\\d+{2}`), which RE2 refuses and the crate `regex` takes.
pub fn repeats_twice(pattern: &str) -> bool {
    let mut chars = pattern.chars().peekable();
    let mut before = false;
    while let Some(c) = chars.next() {
        let repetition = match c {
            '\\' => {
                if chars.next() == Some('Q') {
                    let rest: String = chars.clone().collect();
                    let end = rest.find("\\E").unwrap_or(rest.len());
                    let length = rest.get(..end).unwrap_or_default().chars().count() + 2;
                    chars.by_ref().take(length).for_each(drop);
                }
                false
            }
            '[' => {
                class(&mut chars, &mut String::new());
                false
            }
            '*' | '+' | '?' => true,
            '{' if repeats(&chars) => {
                chars.by_ref().take_while(|c| *c != '}').for_each(drop);
                true
            }
            _ => false,
        };
        if repetition && before {
            return true;
        }
        if repetition {
            // A question mark behind it makes it lazy.
            chars.next_if_eq(&'?');
        }
        before = repetition;
    }
    false
}

/// What stands behind a backslash.
fn escape(chars: &mut Peekable<Chars<'_>>, out: &mut String, in_class: bool) {
    let Some(c) = chars.next() else {
        out.push('\\');
        return;
    };
    let set = |out: &mut String, members: &str, not: bool| match (in_class, not) {
        (true, false) => out.push_str(members),
        (_, false) => out.push_str(&format!("[{members}]")),
        (_, true) => out.push_str(&format!("[^{members}]")),
    };
    match c {
        'Q' if !in_class => {
            let mut literal = String::new();
            while let Some(c) = chars.next() {
                if c == '\\' && chars.peek() == Some(&'E') {
                    chars.next();
                    break;
                }
                literal.push(c);
            }
            out.push_str(&regex::escape(&literal));
        }
        'E' if !in_class => {}
        'C' if !in_class => out.push_str("(?s:.)"),
        'd' | 'D' => set(out, "0-9", c == 'D'),
        'w' | 'W' => set(out, "0-9A-Za-z_", c == 'W'),
        's' | 'S' => set(out, "\\t\\n\\x0C\\r ", c == 'S'),
        'b' | 'B' if !in_class => out.push_str(&format!("(?-u:\\{c})")),
        '<' | '>' => out.push(c),
        '0'..='7' => {
            let mut value = c.to_digit(8).unwrap_or_default();
            for _ in 0..2 {
                let Some(digit) = chars.peek().and_then(|c| c.to_digit(8)) else { break };
                value = value * 8 + digit;
                chars.next();
            }
            out.push_str(&format!("\\x{{{value:x}}}"));
        }
        _ => {
            out.push('\\');
            out.push(c);
        }
    }
}

/// A class, from behind its bracket on.
fn class(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    if chars.peek() == Some(&'^') {
        chars.next();
        out.push('^');
    }
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            ']' if !first => {
                out.push(']');
                return;
            }
            ']' => out.push_str("\\]"),
            '\\' => escape(chars, out, true),
            '[' if chars.peek() == Some(&':') => {
                let rest: String = chars.clone().collect();
                match rest.find(":]") {
                    Some(end) => {
                        out.push('[');
                        out.extend(chars.take(end + 2));
                    }
                    None => out.push_str("\\["),
                }
            }
            '[' => out.push_str("\\["),
            '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            '-' if out.ends_with('-') => out.push_str("\\-"),
            _ => out.push(c),
        }
        first = false;
    }
}

/// Whether what stands behind a brace makes it a repetition: `3}`, `3,}`, `3,5}`.
fn repeats(chars: &Peekable<Chars<'_>>) -> bool {
    let inside: String = chars.clone().take_while(|c| *c != '}').collect();
    if inside.len() == chars.clone().count() {
        return false;
    }
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match inside.split_once(',') {
        Some((least, most)) => number(least) && (most.is_empty() || number(most)),
        None => number(&inside),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_prometheus_match_what_they_match_there() {
        for (pattern, yes, no) in [
            ("[[]fd00::1[]]:.*", "[fd00::1]:9090", "fd00::1"),
            ("[]a]+", "]a]", "b"),
            ("\\Qa.b*\\E+", "a.b**", "axb*"),
            ("/api/{id}/.*", "/api/{id}/x", "/api/7/x"),
            ("a{2,3}", "aa", "a"),
            ("a{,3}", "a{,3}", "aa"),
            ("\\d+", "7", "٧"),
            ("[\\w-]+", "a-b", "é"),
            ("[^\\d]", "a", "1"),
            ("[a&&b]+", "a&b", "c"),
            ("\\<x\\>", "<x>", "x"),
            ("\\101", "A", "B"),
            ("[[:alpha:]_]+", "a_b", "1"),
            ("(?i)up", "UP", "down"),
        ] {
            let found = regex::Regex::new(&format!("^(?:{})$", translated(pattern))).unwrap();
            assert!(found.is_match(yes), "{pattern} {yes}");
            assert!(!found.is_match(no), "{pattern} {no}");
        }
    }

    #[test]
    fn repetition_of_a_repetition_is_found() {
        for pattern in ["a**", "\\d+{2}", "(a){2}{3}", "a*?*", "a+??"] {
            assert!(repeats_twice(pattern), "{pattern}");
        }
        for pattern in ["a*?", "(a*)*", "\\*+", "[*+]+", "a{2,}", "\\Qa**\\E", "a{x}+", "(?i)a", "a+b+"] {
            assert!(!repeats_twice(pattern), "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_makes_it_panic(pattern in "[a-z0-9\\[\\]{}()\\\\^$.*+?|,:&~QEdws-]{0,40}") {
            let _ = (translated(&pattern), repeats_twice(&pattern));
        }
    }
}
