//! What Prometheus takes and the parser does not, put into words that both take. Pure.

use promql_parser::util::{escape_string, unquote_string};

use crate::matching::re2;

use super::{
    arithmetic::{constant, reads},
    tokens::{Token, TokenKind, tokens, without_underscores},
};

/// An expression in words of the parser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Translation {
    /// It.
    pub(super) text: String,
    /// Whether it means the same. Not where the parser has no words for something: then only its shape is the same.
    pub(super) exact: bool,
}

/// Words that are operators of newer servers, and names of the older ones.
const MODIFIERS: [&str; 2] = ["anchored", "smoothed"];
/// Words before a list of labels.
const BEFORE_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
/// Words behind which an operand begins.
const BEFORE_OPERAND: [&str; 7] = ["and", "or", "unless", "atan2", "bool", "offset", "start"];
/// What stands for a duration that only the server can tell.
const SOME_DURATION: &str = "5m";

/// An expression in words of the parser: no texts in backticks, no underscores in numbers, no calculated durations, and
/// patterns in the form of the crate `regex`. None where nothing has another form.
pub(super) fn translated(text: &str) -> Option<Translation> {
    let all = tokens(text)?;
    let mut out = Translation { text: String::with_capacity(text.len() + 16), exact: true };
    let (mut done, mut at) = (0, 0);
    while let Some(token) = all.get(at) {
        let before = at.checked_sub(1).and_then(|before| all.get(before));
        let put = match token.kind {
            TokenKind::Number if token.text.contains('_') => {
                without_underscores(token.text).map(|put| (put, 1))
            }
            TokenKind::Text => in_quotes(token, before, &mut out.exact).map(|put| (put, 1)),
            TokenKind::Word if MODIFIERS.contains(&token.text.to_ascii_lowercase().as_str()) => {
                modifier(&all, at, &mut out.exact)
            }
            TokenKind::Word if token.text.eq_ignore_ascii_case("offset") => {
                offset(text, &all, at, &mut out.exact)
            }
            TokenKind::Sign if token.text == "[" => bracket(text, &all, at, &mut out.exact),
            // Parts of a histogram, `>/` and `</`.
            TokenKind::Sign if matches!(token.text, "<" | ">") && is_next_to(&all, at, "/") => {
                out.exact = false;
                Some(("*".to_owned(), 2))
            }
            _ => None,
        };
        if let Some((put, taken)) = put {
            out.text.push_str(text.get(done..token.at.start)?);
            out.text.push_str(&put);
            done = all.get(at + taken - 1)?.at.end;
            at += taken;
        } else {
            at += 1;
        }
    }
    out.text.push_str(text.get(done..)?);
    (out.text != text).then_some(out)
}

/// Whether the parser takes a text for another one than Prometheus: to it, a backslash between backticks is an escape.
pub(super) fn misread(text: &str) -> bool {
    text.contains('`') && text.contains('\\')
}

fn is_next_to(all: &[Token<'_>], at: usize, sign: &str) -> bool {
    let end = all.get(at).map(|token| token.at.end);
    all.get(at + 1).is_some_and(|next| next.text == sign && Some(next.at.start) == end)
}

/// Why Prometheus refuses a pattern of an expression; none when it accepts all of them.
pub(super) fn refused_pattern(text: &str) -> Option<String> {
    if !text.contains("=~") && !text.contains("!~") {
        return None;
    }
    let all = tokens(text)?;
    all.windows(2).find_map(|pair| match pair {
        [sign, token] if is_pattern(token, Some(sign)) => {
            let value = unquoted(token.text)?;
            re2::problem(&value).map(|why| format!("illegal regex for {value}: {why}"))
        }
        _ => None,
    })
}

fn is_pattern(token: &Token<'_>, before: Option<&Token<'_>>) -> bool {
    token.kind == TokenKind::Text && before.is_some_and(|before| matches!(before.text, "=~" | "!~"))
}

/// A text between backticks, or a pattern of RE2. A pattern that was rewritten must not be sent to the server.
fn in_quotes(token: &Token<'_>, before: Option<&Token<'_>>, exact: &mut bool) -> Option<String> {
    let raw = token.text.starts_with('`');
    let pattern = is_pattern(token, before);
    if !raw && !pattern {
        return None;
    }
    let mut value = unquoted(token.text)?;
    let other = if pattern { re2::translate(&value).ok().filter(|other| *other != value) } else { None };
    if let Some(other) = other {
        *exact = false;
        value = other;
    } else if !raw {
        return None;
    }
    Some(format!("\"{}\"", escape_string(&value)))
}

/// The value of a text in quotes.
fn unquoted(text: &str) -> Option<String> {
    // The parser's own function panics on an escaped character outside of ASCII, which is no escape anyway.
    let odd = text.match_indices('\\').any(|(at, _)| {
        text.get(at + 1..).and_then(|rest| rest.chars().next()).is_some_and(|next| !next.is_ascii())
    });
    if odd && !text.starts_with('`') {
        return None;
    }
    unquote_string(text).ok()
}

/// `x anchored`, which the parser has no word for, and `anchored` as a name.
fn modifier(all: &[Token<'_>], at: usize, exact: &mut bool) -> Option<(String, usize)> {
    let name = all.get(at)?.text;
    let before = at.checked_sub(1).and_then(|before| all.get(before));
    let labels = {
        let open = all.get(..at)?.iter().rposition(|token| token.text == "(");
        let word = open.and_then(|open| open.checked_sub(1)).and_then(|word| all.get(word));
        let closed =
            open.is_some_and(|open| all.get(open..at).is_some_and(|list| list.iter().any(|t| t.text == ")")));
        !closed && word.is_some_and(|word| BEFORE_LABELS.contains(&word.text.to_ascii_lowercase().as_str()))
    };
    if labels {
        return Some((format!("\"{name}\""), 1));
    }
    let ends_operand = before.is_some_and(|before| match before.kind {
        TokenKind::Number => true,
        TokenKind::Text => false,
        TokenKind::Word => !BEFORE_OPERAND.contains(&before.text.to_ascii_lowercase().as_str()),
        TokenKind::Sign => matches!(before.text, ")" | "]" | "}"),
    });
    if ends_operand {
        *exact = false;
        return Some((String::new(), 1));
    }
    match all.get(at + 1) {
        Some(next) if next.text == "{" => Some((format!("{{\"{name}\", "), 2)),
        _ => Some((format!("{{\"{name}\"}}"), 1)),
    }
}

/// `offset -(5m * 2)`: the duration calculated.
fn offset(text: &str, all: &[Token<'_>], at: usize, exact: &mut bool) -> Option<(String, usize)> {
    let mut from = at + 1;
    let mut minus = false;
    while let Some(sign) = all.get(from).filter(|token| matches!(token.text, "-" | "+")) {
        minus ^= sign.text == "-";
        from += 1;
    }
    let begin = all.get(from)?;
    let open = if begin.text == "(" { from } else { from + 1 };
    if all.get(open)?.text != "(" || (begin.kind == TokenKind::Number) {
        return None;
    }
    let close = closing(all, open)?;
    let inside = text.get(begin.at.start..all.get(close)?.at.end)?;
    let (length, minus) = match constant(inside) {
        Some(value) if value.is_finite() => (in_milliseconds(value.abs()), minus ^ (value < 0.0)),
        _ => {
            *exact = false;
            (SOME_DURATION.to_owned(), minus)
        }
    };
    Some((format!("offset {}{length}", if minus { "-" } else { "" }), close + 1 - at))
}

/// `[5m + 1m : step()]`: the durations calculated.
fn bracket(text: &str, all: &[Token<'_>], open: usize, exact: &mut bool) -> Option<(String, usize)> {
    let close = closing(all, open)?;
    let inside = all.get(open + 1..close)?;
    if inside.iter().all(|token| token.kind == TokenKind::Number || token.text == ":") {
        return None;
    }
    let mut put = String::from("[");
    let mut lossy = false;
    for (index, tokens) in inside.split(|token| token.text == ":").enumerate() {
        if index > 0 {
            put.push(':');
        }
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { continue };
        let part = text.get(first.at.start..last.at.end)?;
        match constant(part) {
            Some(value) if value > 0.0 && value.is_finite() => put.push_str(&in_milliseconds(value)),
            // Prometheus looks at a literal at once, and at what is calculated only when it evaluates it.
            Some(_) if tokens.len() <= 2 => return None,
            Some(_) if divides_by_nothing(tokens) => return None,
            None if !(part.contains('(') && !part.contains(['"', '\'', '`']) && reads(part)) => return None,
            // What only the server can tell is told by functions: `step()`, `range()`.
            _ => {
                lossy = true;
                put.push_str(SOME_DURATION);
            }
        }
    }
    put.push(']');
    *exact &= !lossy;
    Some((put, close + 1 - open))
}

/// Whether a literal 0 stands behind a division sign, which Prometheus refuses.
fn divides_by_nothing(tokens: &[Token<'_>]) -> bool {
    tokens.windows(2).any(|pair| match pair {
        [sign, by] => matches!(sign.text, "/" | "%") && constant(by.text) == Some(0.0),
        _ => false,
    })
}

fn in_milliseconds(seconds: f64) -> String {
    format!("{}ms", (seconds * 1000.0).round())
}

/// Where a bracket closes.
fn closing(all: &[Token<'_>], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in all.iter().enumerate().skip(open).filter(|(_, token)| token.kind == TokenKind::Sign) {
        match token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_another_form_is_put_into_other_words() {
        for (text, expected) in [
            ("x > 1_000_000", Some("x > 1000000")),
            ("x{a=`b\\d`}", Some("x{a=\"b\\\\d\"}")),
            ("foo[5m + 1m]", Some("foo[360000ms]")),
            ("foo[1h:2 * 30s]", Some("foo[3600000ms:60000ms]")),
            ("foo offset -(1m * 2)", Some("foo offset -120000ms")),
            ("anchored{a=\"b\"}", Some("{\"anchored\", a=\"b\"}")),
            ("sum by (smoothed) (x)", Some("sum by (\"smoothed\") (x)")),
            ("x{a=\"[[]\"} # 1_000", None),
            ("x[5m:1m] offset -5m @ end()", None),
            ("sum by (a) (rate(x{b=~\"a|b\"}[5m])) > 5", None),
        ] {
            let found = translated(text);
            assert_eq!(found.as_ref().map(|found| found.text.as_str()), expected, "{text}");
            assert!(found.is_none_or(|found| found.exact), "{text}");
        }
    }

    #[test]
    fn durations_that_prometheus_refuses_have_no_other_form() {
        for text in ["foo[-1]", "foo[-5m]", "foo[-0]", "foo[1h:-1]", "foo[5m/0]", "foo[5 % 0]", "foo[a + 1]"]
        {
            assert_eq!(translated(text), None, "{text}");
        }
    }

    #[test]
    fn what_the_parser_has_no_words_for_keeps_its_shape_and_says_so() {
        for (text, expected) in [
            ("x{a=~\"[[]b\"}", "x{a=~\"[\\\\x{5B}-\\\\x{5B}]b\"}"),
            ("rate(x[5m] anchored)", "rate(x[5m] )"),
            ("metric @ 100 smoothed + 0", "metric @ 100  + 0"),
            ("h </ 0.5", "h * 0.5"),
            ("foo[step()]", "foo[5m]"),
            ("foo offset -max_of(step(), 5s)", "foo offset -5m"),
            // Durations that are not above nothing are refused when they are evaluated, if at all.
            ("foo[-2^2]", "foo[5m]"),
            ("foo[5m - 5m]", "foo[5m]"),
            ("foo[1h:-2^2]", "foo[3600000ms:5m]"),
            ("foo[(-1)]", "foo[5m]"),
        ] {
            let found = translated(text).unwrap();
            assert_eq!((found.text.as_str(), found.exact), (expected, false));
        }
    }
}
