//! Alertmanager's matchers: reading them, applying them to labels, writing them.
//!
//! Regular expressions are Alertmanager's (see [`re2`](super::re2)), anchored at both ends.
//! A label that an alert lacks counts as the empty string. Nothing here talks to a server.

use std::collections::BTreeMap;

use aether_contract::Matcher;
use memchr::memmem::Finder;
use regex::bytes::Regex;

use super::{escape, re2};

/// Longest regular expression that is compiled here, in bytes.
const MAX_PATTERN: usize = 64 * 1024;

/// A matcher ready to be applied.
#[derive(Debug, Clone)]
pub struct Compiled {
    matcher: Matcher,
    /// The name as it stands in the text of [`push_labels`].
    needle: Finder<'static>,
    /// For a matcher with a regular expression.
    regex: Option<Regex>,
}

/// Stands before a name, and after the last value.
const BEGIN: char = '\u{1}';
/// Stands between a name and its value.
const VALUE: char = '\u{2}';

/// Appends labels as one text, to be looked through without a jump in memory for each name. Labels with one of
/// the signs in them add nothing: they are looked at one by one.
pub fn push_labels(text: &mut String, labels: &BTreeMap<String, String>) {
    let odd = |text: &String| text.contains([BEGIN, VALUE]);
    if labels.iter().any(|(name, value)| odd(name) || odd(value)) {
        return;
    }
    text.push(BEGIN);
    for (name, value) in labels {
        text.push_str(name);
        text.push(VALUE);
        text.push_str(value);
        text.push(BEGIN);
    }
}

impl Compiled {
    /// Prepares a matcher.
    ///
    /// # Errors
    /// In words, when its regular expression can't be read.
    pub fn new(matcher: &Matcher) -> Result<Self, String> {
        let regex = if matcher.is_regex {
            if matcher.value.len() > MAX_PATTERN {
                return Err(format!("the regular expression of {} is too long", matcher.name));
            }
            let regex = re2::anchored(&matcher.value);
            Some(regex.map_err(|reason| {
                format!("the regular expression of {} is invalid: {reason}", matcher.name)
            })?)
        } else {
            None
        };
        let needle = Finder::new(format!("{BEGIN}{}{VALUE}", matcher.name).as_bytes()).into_owned();
        Ok(Self { matcher: matcher.clone(), needle, regex })
    }

    /// What it was made of.
    pub fn matcher(&self) -> &Matcher {
        &self.matcher
    }

    /// Whether these labels match.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.accepts(labels.get(&self.matcher.name).map_or("", String::as_str))
    }

    /// The same by the labels' text; `labels` for the rare ones that have none.
    pub fn matches_text(&self, text: &str, labels: &BTreeMap<String, String>) -> bool {
        if text.is_empty() {
            return self.matches(labels);
        }
        let value = self.needle.find(text.as_bytes()).and_then(|at| {
            let rest = text.get(at + self.needle.needle().len()..)?;
            rest.split(BEGIN).next()
        });
        self.accepts(value.unwrap_or_default())
    }

    fn accepts(&self, value: &str) -> bool {
        let hit =
            self.regex.as_ref().map_or(self.matcher.value == value, |regex| regex.is_match(value.as_bytes()));
        hit == self.matcher.is_equal
    }
}

/// Prepares all matchers of a silence.
///
/// # Errors
/// As [`Compiled::new`], for the first that can't be read.
pub fn compile(matchers: &[Matcher]) -> Result<Vec<Compiled>, String> {
    matchers.iter().map(Compiled::new).collect()
}

/// Whether all matchers match (they are ANDed).
pub fn all_match(matchers: &[Compiled], labels: &BTreeMap<String, String>) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels))
}

/// Whether Alertmanager counts this matcher as matching the empty string. A silence needs one that does
/// not. Negative matchers never count as such (Alertmanager, `silence.go`, `matchesEmpty`).
pub fn matches_empty(matcher: &Matcher) -> bool {
    if !matcher.is_equal {
        return false;
    }
    if matcher.is_regex {
        return Compiled::new(matcher).is_ok_and(|compiled| compiled.matches(&BTreeMap::new()));
    }
    matcher.value.is_empty()
}

/// The matcher as a person would type it: `severity=~"a|b"`.
pub fn text(matcher: &Matcher) -> String {
    let operator = match (matcher.is_equal, matcher.is_regex) {
        (true, false) => "=",
        (false, false) => "!=",
        (true, true) => "=~",
        (false, true) => "!~",
    };
    let name = if is_plain_name(&matcher.name) { matcher.name.clone() } else { quote(&matcher.name) };
    format!("{name}{operator}{}", quote(&matcher.value))
}

fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        escape::push(&mut quoted, c);
    }
    quoted.push('"');
    quoted
}

/// Whether a label name needs no quotes.
pub fn is_plain_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(name: &str, value: &str, is_regex: bool, is_equal: bool) -> Matcher {
        Matcher { name: name.into(), value: value.into(), is_regex, is_equal }
    }

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn matchers_apply_as_in_alertmanager() {
        let alert = labels(&[("alertname", "High"), ("note", "a\nb")]);
        let table = [
            (matcher("alertname", "High", false, true), true),
            (matcher("alertname", "Hig", true, true), false),
            (matcher("alertname", "H.*", true, true), true),
            (matcher("alertname", "H.*", true, false), false),
            (matcher("absent", "", false, true), true),
            (matcher("absent", "x", false, false), true),
            (matcher("absent", ".+", true, true), false),
            // A dot does not match a newline: why ".+" is no silence for everything.
            (matcher("note", ".+", true, true), false),
            (matcher("note", "no", false, false), true),
        ];
        for (matcher, expected) in table {
            let compiled = Compiled::new(&matcher).unwrap();
            assert_eq!(compiled.matches(&alert), expected, "{}", text(&matcher));
        }
    }

    #[test]
    fn only_positive_matchers_can_match_the_empty_string() {
        assert!(matches_empty(&matcher("a", "", false, true)));
        assert!(matches_empty(&matcher("a", ".*", true, true)));
        assert!(!matches_empty(&matcher("a", ".+", true, true)));
        assert!(!matches_empty(&matcher("a", "x", false, false)));
    }

    #[test]
    fn a_broken_expression_is_named() {
        let error = Compiled::new(&matcher("job", "a(", true, true)).unwrap_err();
        assert!(error.contains("job"), "{error}");
    }

    #[test]
    fn text_escapes_what_would_end_the_value() {
        assert_eq!(text(&matcher("a", "x\"y\\", true, false)), r#"a!~"x\"y\\""#);
        assert_eq!(text(&matcher("with space", "x", false, true)), r#""with space"="x""#);
    }

    proptest::proptest! {
        #[test]
        fn the_text_of_labels_matches_as_the_labels_do(
            labels in proptest::collection::btree_map("[ab\u{1}\u{2}]{0,3}", "[abc\u{1}\u{2}]{0,3}", 0..5),
            name in "[ab]{1,2}",
            value in "[abc]{0,2}",
            is_regex: bool,
            is_equal: bool,
        ) {
            let compiled = Compiled::new(&Matcher { name, value, is_regex, is_equal }).unwrap();
            let mut text = String::new();
            push_labels(&mut text, &labels);
            proptest::prop_assert_eq!(compiled.matches_text(&text, &labels), compiled.matches(&labels));
        }
    }
}
