//! Texts that repeat a value of a rule: "above 40 %" where the rule compares with `0.4`. Pure.
//!
//! A number alone does not say what it is about, so nothing is changed on its own: the texts are offered, each with
//! the new value in place, and a person picks those that are meant.

use std::{collections::BTreeMap, sync::LazyLock};

use aether_contract::{RelatedPlace, RelatedText};
use regex::Regex;

/// A value of a rule that changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moved {
    /// The value before.
    pub old: f64,
    /// The value after.
    pub new: f64,
    /// Whether it is a time in seconds, as `for` is: a bare number does not repeat it.
    pub time: bool,
}

/// A page of the runbooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Name: that of the alert which it is for.
    pub name: String,
    /// Its file; none for one that comes with the panel.
    pub file: Option<std::path::PathBuf>,
    /// All of it.
    pub text: String,
}

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Share,
    Time,
    Size,
}

/// What a unit measures, and how many it is of a whole, of seconds, or of bytes and events.
fn unit(word: &str) -> Option<(Measure, f64)> {
    const KIB: f64 = 1024.0;
    Some(match word {
        "%" | "percent" | "pct" => (Measure::Share, 0.01),
        "ms" | "milliseconds" | "millisecond" => (Measure::Time, 0.001),
        "s" | "sec" | "secs" | "second" | "seconds" => (Measure::Time, 1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => (Measure::Time, 60.0),
        "h" | "hour" | "hours" => (Measure::Time, 3600.0),
        "d" | "day" | "days" => (Measure::Time, 86_400.0),
        "w" | "week" | "weeks" => (Measure::Time, 604_800.0),
        "k" | "kB" | "KB" => (Measure::Size, 1e3),
        "MB" => (Measure::Size, 1e6),
        "GB" => (Measure::Size, 1e9),
        "TB" => (Measure::Size, 1e12),
        "KiB" => (Measure::Size, KIB),
        "MiB" => (Measure::Size, KIB * KIB),
        "GiB" => (Measure::Size, KIB * KIB * KIB),
        "TiB" => (Measure::Size, KIB * KIB * KIB * KIB),
        _ => return None,
    })
}

static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let number = r"-?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)";
    let gap = r"[ \u{a0}\u{202f}]?";
    Regex::new(&format!("(?<number>{number})(?<gap>{gap})(?<unit>%|[A-Za-z]+)?")).ok()
});

/// A text with the new value wherever it repeats the old one; none where it does not. What stands in `{{ … }}` is
/// filled in by Prometheus and left.
pub fn replaced(text: &str, moved: Moved) -> Option<String> {
    let pattern = NUMBER.as_ref()?;
    let mut put = String::new();
    let mut from = 0;
    for found in pattern.captures_iter(text) {
        let Some(number) = found.name("number") else { continue };
        let word = found.name("unit").map_or("", |word| word.as_str());
        let gap = found.name("gap").is_some_and(|gap| !gap.is_empty());
        if !stands_alone(text, &number, word, gap) || in_template(text, number.start()) {
            continue;
        }
        let Ok(value) = number.as_str().replace(',', "").parse::<f64>() else { continue };
        let Some(scale) = scale(value, word, moved) else { continue };
        put.push_str(text.get(from..number.start()).unwrap_or_default());
        put.push_str(&written(moved.new / scale, number.as_str().contains(',')));
        from = number.end();
    }
    if from == 0 {
        return None;
    }
    put.push_str(text.get(from..).unwrap_or_default());
    (put != text).then_some(put)
}

/// Whether a number is one by itself and not a part of a name, a date, an address or a version.
fn stands_alone(text: &str, number: &regex::Match<'_>, word: &str, gap: bool) -> bool {
    let before = text.get(..number.start()).and_then(|head| head.chars().next_back());
    if before.is_some_and(|c| c.is_alphanumeric() || "_./:-#".contains(c)) {
        return false;
    }
    if !gap && !word.is_empty() && unit(word).is_none() {
        return false;
    }
    let mut after = text.get(number.end()..).unwrap_or_default().chars();
    let (next, second) = (after.next(), after.next());
    match next {
        Some('.' | ',' | ':' | '/' | '-') => !second.is_some_and(char::is_alphanumeric),
        Some('_') => false,
        _ => true,
    }
}

fn in_template(text: &str, at: usize) -> bool {
    let head = text.get(..at).unwrap_or_default();
    match (head.rfind("{{"), head.rfind("}}")) {
        (Some(open), Some(close)) => open > close,
        (open, _) => open.is_some(),
    }
}

/// What a number in front of this word is multiplied with to be the old value. A word that is no unit says what is
/// counted.
fn scale(value: f64, word: &str, moved: Moved) -> Option<f64> {
    let scales: &[f64] = match unit(word) {
        Some((Measure::Time, seconds)) if moved.time => &[seconds],
        _ if moved.time => &[],
        // The rule may be over seconds or milliseconds, over a ratio or percent.
        Some((Measure::Time, seconds)) => &[seconds, seconds * 1000.0],
        Some((Measure::Share, part)) => &[part, 1.0],
        Some((Measure::Size, bytes)) => &[bytes],
        None => &[1.0],
    };
    let same = |scale: &&f64| (value * **scale - moved.old).abs() <= moved.old.abs() * 1e-9;
    scales.iter().find(same).copied()
}

/// A number as it was written before: with commas between thousands, or without.
fn written(value: f64, commas: bool) -> String {
    // What division leaves behind the digits that matter.
    let text = format!("{value:.9}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if !commas {
        return text.to_owned();
    }
    let (whole, rest) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match rest {
        Some(rest) => format!("{sign}{grouped}.{rest}"),
        None => format!("{sign}{grouped}"),
    }
}

fn all_replaced(text: &str, moved: &[Moved]) -> Option<String> {
    let after = moved.iter().fold(text.to_owned(), |text, one| replaced(&text, *one).unwrap_or(text));
    (after != text).then_some(after)
}

/// The annotations of a rule that repeat an old value.
pub fn annotations(
    group: &str,
    rule: &str,
    annotations: &BTreeMap<String, String>,
    moved: &[Moved],
) -> Vec<RelatedText> {
    let offer = |(name, text): (&String, &String)| {
        Some(RelatedText {
            place: RelatedPlace::Annotation { group: group.into(), rule: rule.into(), name: name.clone() },
            before: text.clone(),
            after: all_replaced(text, moved)?,
        })
    };
    annotations.iter().filter(|(_, text)| !text.contains("://")).filter_map(offer).collect()
}

/// A line of a page that repeats an old value.
#[derive(Debug, PartialEq)]
pub struct Line<'a> {
    /// The page.
    pub page: &'a Page,
    /// Number, from 1.
    pub number: u32,
    /// The line.
    pub before: &'a str,
    /// The line with the new value.
    pub after: String,
}

/// The lines of runbooks that repeat an old value: those of the alert's own page, and on other pages those that
/// name the alert. An own page stands before the one of the same name that comes with the panel.
pub fn runbooks<'a>(rule: &str, pages: &'a [Page], moved: &[Moved]) -> Vec<Line<'a>> {
    let own = pages.iter().position(|page| page.name == rule);
    let mut found = Vec::new();
    for (index, page) in pages.iter().enumerate() {
        if page.name == rule && own != Some(index) {
            continue;
        }
        for (number, before) in (1..).zip(page.text.lines()) {
            if page.name != rule && !names(before, rule) {
                continue;
            }
            if let Some(after) = all_replaced(before, moved) {
                found.push(Line { page, number, before, after });
            }
        }
    }
    found
}

/// Whether a text has a name as a word of its own. A colon between two words is a part of a recorded series' name.
fn names(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let mut before = text.get(..at).unwrap_or_default().chars().rev();
        let mut after = text.get(at + name.len()..).unwrap_or_default().chars();
        let goes_on = |next: Option<char>, second: Option<char>| match next {
            Some(':') => second.is_some_and(part),
            next => next.is_some_and(part),
        };
        !goes_on(before.next(), before.next()) && !goes_on(after.next(), after.next())
    })
}

/// A page with some of its lines replaced, its line ends as they were.
///
/// # Errors
/// In words: a line is not there any more.
pub fn with_lines(text: &str, lines: &[(u32, &str, &str)]) -> Result<String, String> {
    let mut all: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    for (number, before, after) in lines {
        let line = usize::try_from(*number).ok().and_then(|number| all.get_mut(number.checked_sub(1)?));
        let Some(line) = line.filter(|line| line.trim_end_matches(['\n', '\r']) == *before) else {
            return Err(format!("line {number} has changed"));
        };
        let end = line.get(before.len()..).unwrap_or_default().to_owned();
        *line = format!("{after}{end}");
    }
    Ok(all.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn threshold(old: f64, new: f64) -> Moved {
        Moved { old, new, time: false }
    }

    #[test]
    fn a_text_repeats_a_threshold_in_the_unit_that_people_write() {
        for (text, old, new, after) in [
            ("above 40% for a tenant", 0.4, 0.5, "above 50% for a tenant"),
            ("above 40 % for a tenant", 40.0, 35.5, "above 35.5 % for a tenant"),
            ("above 40 percent", 0.4, 0.35, "above 35 percent"),
            ("ratio under .4.", 0.4, 0.35, "ratio under 0.35."),
            ("p95 above 800ms", 0.8, 1.2, "p95 above 1200ms"),
            ("p95 above 800 ms (limit 0.8 s)", 0.8, 0.9, "p95 above 900 ms (limit 0.9 s)"),
            ("slower than 800 ms", 800.0, 1000.0, "slower than 1000 ms"),
            ("no backup for 2 hours", 7200.0, 10_800.0, "no backup for 3 hours"),
            ("costs more than $1,500 a day", 1500.0, 12_000.0, "costs more than $12,000 a day"),
            ("more than 5 errors", 5.0, 8.0, "more than 8 errors"),
            ("under -5 dB", -5.0, -7.0, "under -7 dB"),
            ("queue above 2 GiB", 2_147_483_648.0, 4_294_967_296.0, "queue above 4 GiB"),
            ("> 30, was {{ $value | printf \"%.30f\" }} (30)", 30.0, 36.0, {
                "> 36, was {{ $value | printf \"%.30f\" }} (36)"
            }),
        ] {
            assert_eq!(replaced(text, threshold(old, new)).as_deref(), Some(after), "{text}");
        }
    }

    #[test]
    fn a_number_that_is_something_else_is_left() {
        for (text, old) in [
            ("p95 and the 95th percentile of http_95", 95.0),
            ("in the last 5 minutes (5m)", 5.0),
            ("answers with 5xx", 5.0),
            ("since version 2.40 or v40 or 40.1", 40.0),
            ("on 2026-11-30 at 11:30", 30.0),
            ("see #30, /d/30/x and page-30", 30.0),
            ("{{ printf \"%.30f\" 30 }}", 30.0),
            ("4,000 of them", 4.0),
            ("nothing", 1.0),
            ("300 seconds", 5.0),
        ] {
            assert_eq!(replaced(text, threshold(old, 77.0)), None, "{text}");
        }
    }

    #[test]
    fn a_pending_period_is_repeated_by_times_alone() {
        let hold = Moved { old: 600.0, new: 900.0, time: true };
        assert_eq!(replaced("for 10 minutes", hold).as_deref(), Some("for 15 minutes"));
        assert_eq!(replaced("for 10m, 600 s", hold).as_deref(), Some("for 15m, 900 s"));
        assert_eq!(replaced("600 tenants, 600 of them, 600", hold), None);
    }

    #[test]
    fn pages_are_searched_for_the_alert_and_an_own_page_covers_the_bundled_one() {
        let page = |name: &str, file: Option<&str>, text: &str| Page {
            name: name.into(),
            file: file.map(Into::into),
            text: text.into(),
        };
        let pages = [
            page("Low", Some("/r/Low.md"), "# Low\r\nFires above 30.\r\n"),
            page("Index", Some("/r/Index.md"), "Low: above 30\nLowest: above 30\nOther: above 30\n"),
            page("Low", None, "Fires above 30"),
        ];
        let moved = [threshold(30.0, 36.0)];
        let found = runbooks("Low", &pages, &moved);
        let told: Vec<(&Page, u32, &str)> =
            found.iter().map(|one| (one.page, one.number, one.after.as_str())).collect();
        assert_eq!(told, [(&pages[0], 2, "Fires above 36."), (&pages[1], 1, "Low: above 36")]);
        let bundled = runbooks("Low", &pages[2..], &moved);
        assert_eq!((bundled.len(), &bundled[0].page.file), (1, &None));
        let changed = with_lines(&pages[0].text, &[(2, "Fires above 30.", "Fires above 36.")]);
        assert_eq!(changed.as_deref(), Ok("# Low\r\nFires above 36.\r\n"));
        assert!(with_lines(&pages[0].text, &[(1, "Fires above 30.", "x")]).is_err());
        assert!(with_lines(&pages[0].text, &[(0, "", "x")]).is_err());
    }
}
