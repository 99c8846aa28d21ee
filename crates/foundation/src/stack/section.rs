//! Reads TOML tables key by key and remembers where everything stands, so that an error names line, key and what is
//! expected. Refuses keys that nobody asked for, with the nearest one that somebody did.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Longest list that a profile may hold.
const MAX_LIST: usize = 1000;

/// One thing wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Byte offset.
    pub at: usize,
    /// Key with the tables it stands in, e.g. `prometheus.url`.
    pub key: String,
    /// What is expected instead.
    pub text: String,
}

/// Everything wrong in a file.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one.
    pub(super) fn add(&mut self, at: usize, key: impl Into<String>, text: impl Into<String>) {
        self.0.push(Problem { at, key: key.into(), text: text.into() });
    }

    /// All of them in the order of the file.
    pub(super) fn sorted(mut self) -> Vec<Problem> {
        self.0.sort_by_key(|problem| problem.at);
        self.0
    }
}

/// A value with the place where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct At<T> {
    /// The value.
    pub value: T,
    /// Byte offset.
    pub at: usize,
}

/// A table that is being read.
pub(super) struct Section<'a> {
    name: String,
    table: &'a DeTable<'a>,
    /// Where the table begins.
    pub at: usize,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    /// `name` is the path for messages, empty for the whole file.
    pub(super) fn new(name: impl Into<String>, table: &'a DeTable<'a>, span: &Range<usize>) -> Self {
        Self { name: name.into(), table, at: span.start, asked: Vec::new() }
    }

    /// `key` with the table's path.
    pub(super) fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    fn value(&mut self, key: &'static str) -> Option<(&'a DeValue<'a>, usize)> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let value: &'a Spanned<DeValue<'a>> = self.table.get(key)?;
        Some((value.get_ref(), value.span().start))
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn wrong(&self, problems: &mut Problems, at: usize, key: &str, expected: &str, found: &DeValue<'_>) {
        problems.add(at, self.path(key), format!("expected {expected}, found {}", describe(found)));
    }

    /// Reports a required key that is not there; not when an unknown key will be reported that was likely
    /// meant to be it.
    pub(super) fn missing(&self, key: &'static str, expected: impl Into<String>, problems: &mut Problems) {
        let meant = |name: &str| nearest(name, &[key]).is_some();
        if !self.table.keys().any(|name| name.get_ref() == key || meant(name.get_ref())) {
            problems.add(self.at, self.path(key), expected);
        }
    }

    /// A string.
    pub(super) fn string(&mut self, key: &'static str, problems: &mut Problems) -> Option<At<String>> {
        let (value, at) = self.value(key)?;
        match value {
            DeValue::String(text) => Some(At { value: text.clone().into_owned(), at }),
            other => {
                self.wrong(problems, at, key, "a string", other);
                None
            }
        }
    }

    /// A list of strings.
    pub(super) fn strings(&mut self, key: &'static str, problems: &mut Problems) -> Option<Vec<At<String>>> {
        let (value, at) = self.value(key)?;
        let DeValue::Array(items) = value else {
            self.wrong(problems, at, key, "a list of strings such as [\"a\", \"b\"]", value);
            return None;
        };
        if items.len() > MAX_LIST {
            problems.add(at, self.path(key), format!("expected at most {MAX_LIST} entries"));
            return None;
        }
        let mut list = Vec::with_capacity(items.len());
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => {
                    list.push(At { value: text.clone().into_owned(), at: item.span().start });
                }
                other => self.wrong(problems, item.span().start, key, "a string in the list", other),
            }
        }
        Some(list)
    }

    /// A finite number, with or without a point.
    pub(super) fn number(&mut self, key: &'static str, problems: &mut Problems) -> Option<At<f64>> {
        let (value, at) = self.value(key)?;
        let number = match value {
            DeValue::Integer(digits) => {
                i64::from_str_radix(digits.as_str(), digits.radix()).ok().map(|number| number as f64)
            }
            DeValue::Float(digits) => digits.as_str().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        };
        if number.is_none() {
            self.wrong(problems, at, key, "a finite number such as 50 or 0.5", value);
        }
        number.map(|value| At { value, at })
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, key: &'static str, problems: &mut Problems) -> Option<At<bool>> {
        let (value, at) = self.value(key)?;
        match value {
            DeValue::Boolean(value) => Some(At { value: *value, at }),
            other => {
                self.wrong(problems, at, key, "true or false", other);
                None
            }
        }
    }

    /// A table.
    pub(super) fn table(&mut self, key: &'static str, problems: &mut Problems) -> Option<Section<'a>> {
        let (value, at) = self.value(key)?;
        match value {
            DeValue::Table(table) => Some(Section::new(self.path(key), table, &(at..at))),
            other => {
                let expected = format!("a table: [{}]", self.path(key));
                self.wrong(problems, at, key, &expected, other);
                None
            }
        }
    }

    /// A string or a table, whichever is there.
    pub(super) fn string_or_table(
        &mut self,
        key: &'static str,
        expected: &str,
        problems: &mut Problems,
    ) -> Option<Result<At<String>, Section<'a>>> {
        let (value, at) = self.value(key)?;
        match value {
            DeValue::String(text) => Some(Ok(At { value: text.clone().into_owned(), at })),
            DeValue::Table(table) => Some(Err(Section::new(self.path(key), table, &(at..at)))),
            other => {
                self.wrong(problems, at, key, expected, other);
                None
            }
        }
    }

    /// Tables that are repeated: `[[gauges]]`.
    pub(super) fn tables(&mut self, key: &'static str, problems: &mut Problems) -> Option<Vec<Section<'a>>> {
        let (value, at) = self.value(key)?;
        let expected = format!("repeated tables: [[{}]]", self.path(key));
        let DeValue::Array(items) = value else {
            self.wrong(problems, at, key, &expected, value);
            return None;
        };
        if items.len() > MAX_LIST {
            problems.add(at, self.path(key), format!("expected at most {MAX_LIST} entries"));
            return None;
        }
        let mut sections = Vec::with_capacity(items.len());
        for item in items.iter() {
            match item.get_ref() {
                DeValue::Table(table) => sections.push(Section::new(self.path(key), table, &item.span())),
                other => self.wrong(problems, item.span().start, key, &expected, other),
            }
        }
        Some(sections)
    }

    /// All keys of a free table (headers) with their string values.
    pub(super) fn all_strings(&self, problems: &mut Problems) -> Vec<(At<String>, At<String>)> {
        let mut found = Vec::new();
        for (key, value) in self.table.iter() {
            let name = At { value: key.get_ref().to_string(), at: key.span().start };
            match value.get_ref() {
                DeValue::String(text) => {
                    found.push((name, At { value: text.clone().into_owned(), at: value.span().start }));
                }
                other => self.wrong(problems, value.span().start, key.get_ref(), "a string", other),
            }
        }
        found
    }

    /// Reports every key that was not asked for. Call it last.
    pub(super) fn finish(self, problems: &mut Problems) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !self.asked.contains(&name) {
                let text = match nearest(name, &self.asked) {
                    Some(known) => format!("unknown key; did you mean `{known}`?"),
                    None => format!("unknown key; valid keys: {}", self.asked.join(", ")),
                };
                problems.add(key.span().start, self.path(name), text);
            }
        }
    }
}

fn describe(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// The known key that `name` was most likely meant to be.
pub(super) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let normal = |text: &str| text.to_lowercase().replace(['-', ' '], "_");
    let name = normal(name);
    let close = known
        .iter()
        .map(|candidate| (distance(&name, candidate), *candidate))
        .filter(|(edits, candidate)| {
            *edits <= (candidate.chars().count().max(name.chars().count()) / 3).max(1)
        })
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate);
    // `vip` for `vip_tenants`, `recording` for `recording_rules`.
    close.or_else(|| {
        (name.len() >= 3)
            .then(|| {
                known.iter().find(|candidate| candidate.starts_with(&name) || name.starts_with(**candidate))
            })
            .flatten()
            .copied()
    })
}

/// Edits (insert, delete, replace, swap of neighbours) that lead from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (row, from) in a.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, to) in b.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&last, column + 1) + 1)
                .min(at(&next, column) + 1)
                .min(at(&last, column) + usize::from(from != to));
            if row > 0 && column > 0 && a.get(row - 1) == Some(to) && b.get(column - 1) == Some(from) {
                best = best.min(at(&before, column - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_the_one_that_was_meant() {
        let known = ["url", "auth", "headers", "tls", "vip_tenants", "tenant_label", "higher_is_better"];
        for (typed, meant) in [
            ("ulr", Some("url")),
            ("urls", Some("url")),
            ("header", Some("headers")),
            ("vip-tenants", Some("vip_tenants")),
            ("VIP_tenant", Some("vip_tenants")),
            ("vip", Some("vip_tenants")),
            ("higher_is_beter", Some("higher_is_better")),
            ("password", None),
        ] {
            assert_eq!(nearest(typed, &known), meant, "{typed}");
        }
    }
}
