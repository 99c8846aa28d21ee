//! The filter line of the alert list: words and Alertmanager matchers, mixed.
//!
//! `disk severity="critical", job=~"a|b"` means: "disk" occurs somewhere, and both matchers match. A term with
//! an operator behind a label name is a matcher; a mistake in it is an error, never a word that finds nothing.

use std::collections::BTreeMap;

use aether_contract::{AlertRow, ErrorCode, Matcher, PanelError};
use memchr::memmem::Finder;

use super::{
    escape,
    matcher::{Compiled, push_labels},
};

/// Longest filter line, in bytes.
const MAX_FILTER: usize = 4096;

/// A word in lower case, ready to be looked for.
#[derive(Debug, Clone)]
struct Word(Finder<'static>);

impl Word {
    fn within(&self, haystack: &str) -> bool {
        self.0.find(haystack.as_bytes()).is_some()
    }
}

/// What a filter looks at in the rows of a list: names and values of labels and annotations in lower case for
/// words, and the labels for matchers. All rows' stand behind one another, so that a long list is read as it
/// lies in memory.
#[derive(Debug, Default, PartialEq)]
pub struct Haystacks {
    text: String,
    labels: String,
    /// Where each row's part of both ends.
    ends: Vec<(usize, usize)>,
}

/// One row's part.
#[derive(Debug, Clone, Copy)]
pub struct Haystack<'a> {
    text: &'a str,
    labels: &'a str,
}

impl Haystack<'_> {
    /// Whether all matchers match the row's labels; `labels` for the rare row that has no text.
    pub fn all_match(self, matchers: &[Compiled], labels: &BTreeMap<String, String>) -> bool {
        matchers.iter().all(|matcher| matcher.matches_text(self.labels, labels))
    }
}

impl Haystacks {
    /// Those of a list.
    pub fn new<'a>(rows: impl IntoIterator<Item = &'a AlertRow>) -> Self {
        let mut all = Self::default();
        for row in rows {
            for (name, value) in row.labels.iter().chain(&row.annotations) {
                // No word has a line break in it, so none is found across two values.
                push_lower(&mut all.text, name);
                push_lower(&mut all.text, value);
            }
            // What the list shows in place of the value is found as well.
            if severity_text(&row.labels) == NO_SEVERITY {
                push_lower(&mut all.text, NO_SEVERITY);
            }
            push_labels(&mut all.labels, &row.labels);
            all.ends.push((all.text.len(), all.labels.len()));
        }
        all
    }

    /// Each row's part, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = Haystack<'_>> {
        let begins = std::iter::once((0, 0)).chain(self.ends.iter().copied());
        begins.zip(&self.ends).map(|((text, labels), (text_end, labels_end))| Haystack {
            text: self.text.get(text..*text_end).unwrap_or_default(),
            labels: self.labels.get(labels..*labels_end).unwrap_or_default(),
        })
    }
}

fn push_lower(out: &mut String, text: &str) {
    if text.is_ascii() {
        let begin = out.len();
        out.push_str(text);
        if let Some(part) = out.get_mut(begin..) {
            part.make_ascii_lowercase();
        }
    } else {
        out.push_str(&text.to_lowercase());
    }
    out.push('\n');
}

/// Shown for an alert without a severity.
pub const NO_SEVERITY: &str = "no severity";

/// The severity as it is shown: the label's own value. Its level is another matter, shown as a color.
pub fn severity_text(labels: &BTreeMap<String, String>) -> &str {
    labels.get("severity").map(|value| value.trim()).filter(|value| !value.is_empty()).unwrap_or(NO_SEVERITY)
}

/// A parsed filter line.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    words: Vec<Word>,
    matchers: Vec<Compiled>,
}

/// Reads a line of matchers, as a silence takes them.
///
/// # Errors
/// As [`Filter::parse`], and `invalid-request` for a word.
pub fn matchers(line: &str) -> Result<Vec<Matcher>, PanelError> {
    let filter = Filter::parse(line)?;
    if !filter.words.is_empty() {
        return Err(refuse("Only matchers are allowed here, not search words."));
    }
    Ok(filter.matchers.iter().map(|compiled| compiled.matcher().clone()).collect())
}

impl Filter {
    /// Reads a filter line.
    ///
    /// # Errors
    /// `invalid-request` that names the term, what is wrong with it and the column where.
    pub fn parse(whole: &str) -> Result<Self, PanelError> {
        if whole.len() > MAX_FILTER {
            return Err(refuse("The filter is longer than 4096 bytes."));
        }
        let text = whole.trim();
        // Alertmanager's own form may stand in braces.
        let text = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')).unwrap_or(text);
        Self::terms(text).map_err(|mistake| {
            let behind = text.len().saturating_sub(mistake.left);
            // `text` is a part of `whole`, so this is where it begins there.
            let before = whole.find(text).unwrap_or(0);
            let at = whole.get(..before + behind).unwrap_or(whole).chars().count() + 1;
            let message = mistake.message.trim_end_matches('.');
            refuse(format!("{message}, at column {at}.")).with_detail(format!("column {at}"))
        })
    }

    fn terms(text: &str) -> Result<Self, Mistake> {
        let mut filter = Self::default();
        let mut rest = skip_separators(text);
        while !rest.is_empty() {
            rest = skip_separators(filter.term(rest)?);
        }
        Ok(filter)
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.matchers.is_empty()
    }

    /// Whether a row passes; `haystack` is its own.
    pub fn passes(&self, row: &AlertRow, haystack: Haystack<'_>) -> bool {
        haystack.all_match(&self.matchers, &row.labels)
            && self.words.iter().all(|word| word.within(haystack.text))
    }

    /// Whether a set of labels passes, annotations left aside.
    pub fn passes_labels(&self, labels: &BTreeMap<String, String>) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches(labels))
            && self.words.iter().all(|word| {
                let mut texts = labels.iter().flat_map(|(name, value)| [name, value]);
                texts.any(|text| word.within(&text.to_lowercase()))
            })
    }

    /// Takes one term off the front and returns what follows.
    fn term<'a>(&mut self, text: &'a str) -> Result<&'a str, Mistake> {
        if text.starts_with(['"', '\'']) {
            let (word, rest) = quoted(text)?;
            let rest_trimmed = rest.trim_start();
            // `"label name"="value"`: a quoted label name.
            if starts_with_operator(rest_trimmed) {
                return self.matcher(&word, rest_trimmed);
            }
            self.word(&word);
            return Ok(rest);
        }
        let end = text
            .find(|c: char| c.is_whitespace() || matches!(c, ',' | '=' | '!' | '"' | '\''))
            .unwrap_or(text.len());
        let (head, rest) = text.split_at(end);
        let after = rest.trim_start();
        // A label name may be any text (UTF-8 names, as in amtool 0.27); what has a meaning of its own needs quotes.
        if !head.is_empty() && !head.contains(['{', '}', '~', '\\']) && starts_with_operator(after) {
            return self.matcher(head, after);
        }
        if after.starts_with('=') || starts_with_operator(after) {
            return Err(mistake(text, format!("\"{}\" is not a label name", shorten(head))));
        }
        // Not a matcher: everything up to the next separator is a word ("don't", "50%!").
        let end = text.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.word(word);
        Ok(rest)
    }

    fn word(&mut self, word: &str) {
        if !word.is_empty() {
            self.words.push(Word(Finder::new(word.to_lowercase().as_bytes()).into_owned()));
        }
    }

    fn matcher<'a>(&mut self, name: &str, text: &'a str) -> Result<&'a str, Mistake> {
        let (is_equal, is_regex, length) = match text.as_bytes() {
            [b'=', b'~', ..] => (true, true, 2),
            [b'!', b'=', ..] => (false, false, 2),
            [b'!', b'~', ..] => (false, true, 2),
            // A doubled sign is a slip of programmers' fingers; Alertmanager refuses it too.
            [b'=', b'=', ..] => {
                return Err(mistake(text, format!("Use a single equals sign: {name}=\"…\"")));
            }
            _ => (true, false, 1),
        };
        let rest = text.get(length..).unwrap_or_default().trim_start();
        let begin = rest;
        let (value, rest) = if rest.starts_with(['"', '\'']) {
            quoted(rest)?
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(rest.len());
            let (value, rest) = rest.split_at(end);
            if value.is_empty() {
                let name = shorten(name);
                return Err(mistake(
                    begin,
                    format!(
                        "The matcher for \"{name}\" has no value. To match an empty value, use \
                        {name}=\"\""
                    ),
                ));
            }
            (value.to_owned(), rest)
        };
        let matcher = Matcher { name: name.to_owned(), value, is_regex, is_equal };
        self.matchers.push(
            Compiled::new(&matcher).map_err(|reason| mistake(begin, format!("In the filter, {reason}")))?,
        );
        Ok(rest)
    }
}

fn starts_with_operator(text: &str) -> bool {
    text.starts_with('=') || text.starts_with("!=") || text.starts_with("!~")
}

fn skip_separators(text: &str) -> &str {
    text.trim_start_matches(|c: char| c.is_whitespace() || c == ',')
}

/// Reads a quoted text at the front, with the escapes of Alertmanager.
fn quoted(text: &str) -> Result<(String, &str), Mistake> {
    let mut chars = text.char_indices();
    let (quote, begin) = chars.next().map_or(('"', 0), |(_, c)| (c, c.len_utf8()));
    let mut escaped = false;
    for (index, c) in chars {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            let raw = text.get(begin..index).unwrap_or_default();
            return Ok((escape::value(raw, quote), text.get(index + c.len_utf8()..).unwrap_or_default()));
        }
    }
    Err(mistake(text, format!("Unclosed quote: {}", shorten(text))))
}

/// What is wrong, and how much of the text was still to be read there.
struct Mistake {
    message: String,
    left: usize,
}

fn mistake(at: &str, message: String) -> Mistake {
    Mistake { message, left: at.len() }
}

fn refuse(message: impl Into<String>) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "filter", message)
        .with_hint("Use words, or matchers such as severity=\"critical\", job!=\"a\", name=~\"x|y\".")
}

fn shorten(text: &str) -> String {
    crate::text::truncate(text, 60)
}

/// Case-insensitive search. `needle` is in lower case already.
pub fn contains(haystack: &str, needle: &str) -> bool {
    if needle.is_ascii() {
        // Without an allocation a value: long lists are searched on every key press.
        let (hay, needle) = (haystack.as_bytes(), needle.as_bytes());
        return needle.is_empty()
            || hay.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle));
    }
    haystack.to_lowercase().contains(needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::row;

    fn passes(filter: &str, labels: &[(&str, &str)]) -> bool {
        let row = row(labels);
        let haystacks = Haystacks::new([&row]);
        Filter::parse(filter).unwrap().passes(&row, haystacks.iter().next().unwrap())
    }

    #[test]
    fn the_severity_that_is_shown_is_found_by_typing_it() {
        let ticket = row(&[("alertname", "A"), ("severity", "ticket")]);
        let none = row(&[("alertname", "B")]);
        let found = |line: &str| -> Vec<String> {
            let rows = [ticket.clone(), none.clone()];
            let filter = Filter::parse(line).unwrap();
            let all = Haystacks::new(&rows);
            let passing = rows.iter().zip(all.iter()).filter(|(row, haystack)| filter.passes(row, *haystack));
            passing.map(|(row, _)| row.name.clone()).collect()
        };
        assert_eq!([severity_text(&ticket.labels), severity_text(&none.labels)], ["ticket", "no severity"]);
        assert_eq!(found("ticket"), ["A"]);
        assert_eq!(found("\"no severity\""), ["B"]);
        assert_eq!(found("severity=\"ticket\""), ["A"]);
        assert_eq!(found("severity=\"\""), ["B"]);
    }

    #[test]
    fn words_and_matchers_are_all_required() {
        let alert = [
            ("alertname", "DiskFull"),
            ("severity", "critical"),
            ("note", "it's"),
            ("größe.cm", "9"),
            ("kube:zone", "a"),
            ("1st", "b"),
        ];
        let table = [
            ("", true),
            ("disk", true),
            ("DISK full", true),
            ("disk memory", false),
            ("severity=\"critical\"", true),
            ("severity=critical", true),
            ("severity = \"critical\"", true),
            ("severity=~\"crit.*\", disk", true),
            ("severity=~\"crit\"", false),
            ("severity!=\"critical\"", false),
            ("severity!~\"warn.*\"", true),
            ("{severity=\"critical\", alertname='DiskFull'}", true),
            ("absent=\"\"", true),
            ("it's", true),
            ("\"diskfull\"", true),
            ("\"severity\"=\"critical\"", true),
            (",, ,", true),
            ("größe.cm=\"9\"", true),
            ("\"größe.cm\"=9", true),
            ("größe.cm!=9", false),
            ("kube:zone=a 1st=~\"b|c\"", true),
        ];
        for (filter, expected) in table {
            assert_eq!(passes(filter, &alert), expected, "{filter}");
        }
    }

    #[test]
    fn a_mistake_in_a_matcher_is_an_error_that_names_it() {
        let table = [
            ("severity=\"crit", "Unclosed quote"),
            ("severity=", "no value"),
            ("severity=~\"a(\"", "regular expression"),
            ("=\"x\"", "not a label name"),
            ("a{b=\"x\"", "not a label name"),
            ("a==\"x\"", "single equals sign"),
        ];
        for (filter, expected) in table {
            let error = Filter::parse(filter).unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequest);
            assert!(error.message.contains(expected), "{filter}: {}", error.message);
        }
    }

    #[test]
    fn a_mistake_in_a_matcher_points_at_its_column() {
        let table = [
            ("severity=\"crit", "column 10"),
            ("  disk severity=", "column 17"),
            ("größe job=~\"a(\"", "column 12"),
            ("a=b, {1abc=\"x\"", "column 6"),
            ("{a=\"b\", c==\"x\"}", "column 10"),
        ];
        for (filter, expected) in table {
            let error = Filter::parse(filter).unwrap_err();
            assert_eq!(error.detail, expected, "{filter}: {}", error.message);
            assert!(error.message.contains(expected), "{filter}: {}", error.message);
        }
    }

    #[test]
    fn search_ignores_case_beyond_ascii() {
        assert!(contains("Größe ÜBER", "über"));
        assert!(!contains("abc", "abcd"));
    }

    proptest::proptest! {
        #[test]
        fn matchers_are_read_as_they_are_printed(
            names in proptest::collection::vec(
                "[a-z_][a-z0-9_]{0,4}|\\PC{1,6}|[={}!~\"'\\\\, \n]{1,3}|[\u{1}-\u{1f}\u{7f}-\u{9f}]{1,3}", 1..4),
            value in "\\PC{0,8}|[\"'\\\\ntux0-9\n]{0,7}|[\u{0}-\u{a0}\u{200b}-\u{2060}\u{e0000}-\u{e0010}]{0,5}",
            is_equal: bool,
        ) {
            let all: Vec<Matcher> = names
                .into_iter()
                .map(|name| Matcher { name, value: value.clone(), is_regex: false, is_equal })
                .collect();
            let line = all.iter().map(crate::matching::matcher::text).collect::<Vec<_>>().join(", ");
            proptest::prop_assert_eq!(matchers(&line).unwrap(), all, "{}", line);
        }

        #[test]
        fn no_filter_line_makes_it_panic(line in "\\PC*") {
            let _ = Filter::parse(&line);
        }
    }
}
