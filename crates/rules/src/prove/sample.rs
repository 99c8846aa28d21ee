//! A value that matchers of a label take. Pure.

use promql_parser::label::{MatchOp, Matcher};
use regex_syntax::hir::{Class, Hir, HirKind};

/// Most characters of a value.
const MAX: usize = 200;

/// A value of a label that all of these matchers take, beginning with `wish`; none when none is found.
pub(super) fn value(matchers: &[&Matcher], wish: &str) -> Option<String> {
    let mut tries = vec![wish.to_owned()];
    for matcher in matchers {
        match &matcher.op {
            MatchOp::Equal => tries.push(matcher.value.clone()),
            MatchOp::Re(pattern) => tries.extend(matching(pattern.as_str())),
            MatchOp::NotEqual | MatchOp::NotRe(_) => {}
        }
    }
    tries.extend(["other", "200", "500", "x", ""].map(str::to_owned));
    tries.into_iter().find(|value| matchers.iter().all(|matcher| matcher.is_match(value)))
}

/// A value that none of these matchers takes.
pub(super) fn other(matchers: &[&Matcher]) -> Option<String> {
    let mut tries = vec!["elsewhere".to_owned(), "0".to_owned(), String::new()];
    for matcher in matchers {
        match &matcher.op {
            MatchOp::NotEqual => tries.push(matcher.value.clone()),
            MatchOp::NotRe(pattern) => tries.extend(matching(pattern.as_str())),
            MatchOp::Equal | MatchOp::Re(_) => {}
        }
    }
    tries.into_iter().find(|value| matchers.iter().any(|matcher| !matcher.is_match(value)))
}

/// Texts that a pattern matches, through different alternatives of it.
fn matching(pattern: &str) -> Vec<String> {
    let Ok(parsed) = regex_syntax::Parser::new().parse(pattern) else { return Vec::new() };
    let one = |which| {
        let mut out = String::new();
        put(&parsed, which, &mut out).map(|()| out)
    };
    (0..4).filter_map(one).collect()
}

fn put(part: &Hir, which: usize, out: &mut String) -> Option<()> {
    if out.len() > MAX {
        return None;
    }
    match part.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(std::str::from_utf8(&literal.0).ok()?),
        HirKind::Class(Class::Unicode(class)) => {
            let has = |c: &char| class.iter().any(|range| (range.start()..=range.end()).contains(c));
            let any = || class.iter().next().map(|range| range.start());
            out.push(plain(which, has).or_else(any)?);
        }
        HirKind::Class(Class::Bytes(class)) => {
            let has =
                |c: &char| class.iter().any(|range| (range.start()..=range.end()).contains(&(*c as u8)));
            let any = || class.iter().next().map(|range| char::from(range.start()));
            out.push(plain(which, has).or_else(any)?);
        }
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min.max(u32::from(repetition.max != Some(0))) {
                put(&repetition.sub, which, out)?;
            }
        }
        HirKind::Capture(capture) => put(&capture.sub, which, out)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| put(part, which, out))?,
        HirKind::Alternation(parts) => put(parts.get(which % parts.len())?, which, out)?,
    }
    Some(())
}

/// One of the usual characters that a class has.
fn plain(which: usize, has: impl Fn(&char) -> bool) -> Option<char> {
    let found: Vec<char> = ['a', 'b', '0', '1', 'A', '-', '/'].into_iter().filter(has).collect();
    found.get(which % found.len().max(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_one_that_the_matchers_take_and_the_other_is_not() {
        let selector = |text: &str| match promql_parser::parser::parse(text).unwrap() {
            promql_parser::parser::Expr::VectorSelector(selector) => selector.matchers.matchers,
            _ => panic!("{text}"),
        };
        for text in [
            "m{l=\"a\"}",
            "m{l=~\"5..\"}",
            "m{l=~\"vip-(a|b)+\", l!=\"vip-a\"}",
            "m{l!~\"5..\"}",
            "m{l!=\"\"}",
            "m{l=~\"[^a-z]+\"}",
            "m{l=\"\"}",
        ] {
            let all = selector(text);
            let matchers: Vec<&Matcher> = all.iter().collect();
            let found = value(&matchers, "a").unwrap_or_else(|| panic!("{text}"));
            assert!(matchers.iter().all(|matcher| matcher.is_match(&found)), "{text}: {found}");
            let other = other(&matchers).unwrap_or_else(|| panic!("{text}"));
            assert!(matchers.iter().any(|matcher| !matcher.is_match(&other)), "{text}: {other}");
        }
    }
}
