//! Comments that switch checks off: our own, and pint's as pint reads them. Pure.
//!
//! A comment is about the rule that it stands in or right above, about the group that it stands right above or in the
//! head of, or, by its own words, about the file.

use std::{collections::BTreeSet, ops::RangeInclusive};

use aether_contract::Timestamp;

use super::yaml::Comment;

/// Every check is off.
pub const ALL: &str = "*";

/// What a comment orders.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Order {
    Off(Vec<String>),
    FileOff(Vec<String>),
    /// pint's `ignore/line`, `ignore/next-line`, `ignore/begin`, `ignore/end`, `ignore/file`.
    Ignore(&'static str),
}

/// Where a rule or a group stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    /// Its lines.
    pub(super) lines: RangeInclusive<u32>,
    /// Lines of its head, where a comment is about all of it: a group's without its rules.
    pub(super) head: RangeInclusive<u32>,
}

/// The orders of a file.
pub(super) struct Orders {
    found: Vec<(u32, bool, Order)>,
    comments: BTreeSet<u32>,
}

impl Orders {
    /// Reads the comments of a file. What is snoozed is off until its time.
    pub(super) fn of(comments: &[Comment], now: Timestamp) -> Self {
        let found =
            comments.iter().filter_map(|one| Some((one.line, one.alone, order(&one.text, now)?))).collect();
        let alone = comments.iter().filter(|one| one.alone).map(|one| one.line).collect();
        Self { found, comments: alone }
    }

    /// Checks that are off in the whole file.
    pub(super) fn everywhere(&self) -> BTreeSet<String> {
        let mut off = BTreeSet::new();
        for (_, _, order) in &self.found {
            match order {
                Order::FileOff(checks) => off.extend(checks.iter().cloned()),
                Order::Ignore("file") => drop(off.insert(ALL.to_owned())),
                _ => {}
            }
        }
        off
    }

    /// Checks that are off for a rule or in a group, and all of them where pint ignores the lines.
    pub(super) fn about(&self, region: &Region) -> BTreeSet<String> {
        let above = self.first_above(*region.lines.start());
        let mut off = BTreeSet::new();
        for (line, alone, order) in &self.found {
            let own = region.head.contains(line) || (*alone && (above..*region.lines.start()).contains(line));
            if let (true, Order::Off(checks)) = (own, order) {
                off.extend(checks.iter().cloned());
            }
        }
        if self.ignored(*region.lines.start()) {
            off.insert(ALL.to_owned());
        }
        off
    }

    /// The first of the comments that stand right above a line, without a blank line between.
    fn first_above(&self, line: u32) -> u32 {
        let mut above = line;
        while above > 1 && self.comments.contains(&(above - 1)) {
            above -= 1;
        }
        above
    }

    /// Whether pint passes over a line.
    fn ignored(&self, line: u32) -> bool {
        let mut since = None;
        for (at, _, order) in &self.found {
            let Order::Ignore(what) = order else { continue };
            match *what {
                "line" if *at == line => return true,
                "next-line" if *at + 1 == line => return true,
                "begin" => since = since.or(Some(*at)),
                "end" => {
                    if since.is_some_and(|since| (since..*at).contains(&line)) {
                        return true;
                    }
                    since = None;
                }
                _ => {}
            }
        }
        since.is_some_and(|since| since < line)
    }
}

/// Orders in the comments of an expression, which are none of YAML's.
pub(super) fn in_expression(text: &str, now: Timestamp) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| line.contains('#'));
    let comments =
        lines.filter_map(|line| line.rsplit_once('#')).filter_map(|(_, comment)| order(comment, now));
    comments
        .flat_map(|order| match order {
            Order::Off(checks) => checks,
            _ => Vec::new(),
        })
        .collect()
}

fn order(comment: &str, now: Timestamp) -> Option<Order> {
    let comment = comment.trim();
    let (tool, rest) = comment.split_once(char::is_whitespace)?;
    let (word, rest) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let rest = rest.trim();
    match (tool, word) {
        ("aether", "disable") => Some(Order::Off(list(rest))),
        ("aether", "file/disable" | "disable-file") => Some(Order::FileOff(list(rest))),
        // One check each, and all behind the word is its name.
        ("pint", "disable") if !rest.is_empty() => Some(Order::Off(vec![rest.to_owned()])),
        ("pint", "file/disable") if !rest.is_empty() => Some(Order::FileOff(vec![rest.to_owned()])),
        ("pint", "snooze") => snoozed(rest, now).map(|check| Order::Off(vec![check])),
        ("pint", "file/snooze") => snoozed(rest, now).map(|check| Order::FileOff(vec![check])),
        ("pint", "ignore/file") => Some(Order::Ignore("file")),
        ("pint", "ignore/line") => Some(Order::Ignore("line")),
        ("pint", "ignore/next-line") => Some(Order::Ignore("next-line")),
        ("pint", "ignore/begin") => Some(Order::Ignore("begin")),
        ("pint", "ignore/end") => Some(Order::Ignore("end")),
        _ => None,
    }
}

/// `2030-01-01T00:00:00Z promql/series(a)` or `2030-01-01 …`: the check, while that is to come.
fn snoozed(rest: &str, now: Timestamp) -> Option<String> {
    let (until, check) = rest.split_once(char::is_whitespace)?;
    let exact = until.parse::<jiff::Timestamp>().map(|at| at.as_millisecond());
    let day = || {
        let date = until.parse::<jiff::civil::Date>().ok()?;
        date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp().as_millisecond())
    };
    let until = exact.ok().or_else(day)?;
    (until > now.0).then(|| check.trim().to_owned())
}

/// Names with commas or blanks between them, but for those within parentheses or braces.
fn list(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut depth = 0_usize;
    for c in text.chars() {
        match c {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (c == ',' || c.is_whitespace()) {
            found.push(String::new());
        } else if let Some(last) = found.last_mut() {
            last.push(c);
        }
    }
    found.retain(|name| !name.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_as_their_tools_read_them() {
        let off = |text: &str| match order(text, Timestamp(0)) {
            Some(Order::Off(checks)) => checks,
            _ => Vec::new(),
        };
        assert_eq!(off(" aether disable for,runbook cost"), ["for", "runbook", "cost"]);
        assert_eq!(off(" aether disable series(a{b=\"c, d\"}),for"), ["series(a{b=\"c, d\"})", "for"]);
        assert_eq!(off(" pint disable promql/series(a{b=\"c d\"})"), ["promql/series(a{b=\"c d\"})"]);
        assert_eq!(off(" pint snooze 2030-01-01T10:00:00Z alerts/for"), ["alerts/for"]);
        assert_eq!(off(" pint snooze 2030-01-01 alerts/for"), ["alerts/for"]);
        assert_eq!(off(" pint snooze 1969-01-01 alerts/for"), Vec::<String>::new());
        assert_eq!(off(" pint disabled alerts/for"), Vec::<String>::new());
        assert_eq!(off("pint"), Vec::<String>::new());
        assert_eq!(order("pint ignore/file", Timestamp(0)), Some(Order::Ignore("file")));
    }
}
