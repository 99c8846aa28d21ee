//! Regular expressions of Alertmanager and Prometheus, which are Go's (RE2), written for the crate `regex`.
//!
//! Both engines are of the same family, so what an expression matches differs only where the syntax does: Go's `\d`,
//! `\w`, `\s` and `\b` know ASCII only, `[` within a class is itself, `\Q…\E` quotes, a `{` that begins no repetition
//! is itself, octal escapes exist, and stacked repetitions are errors. Read after Go's `regexp/syntax` with the flags
//! `Perl`. What is refused here is refused there; the other way round, a server's older Go may refuse more.

use std::{collections::HashSet, fmt::Write as _};

use regex::bytes::{Regex, RegexBuilder};

/// Most that Go repeats, nested repetitions multiplied.
const MAX_REPEAT: u32 = 1000;
/// Deepest nesting, as in Go; each level may become two.
const MAX_DEPTH: u32 = 1000;
/// Largest compiled expression, in bytes.
const MAX_SIZE: usize = 32 * 1024 * 1024;

/// An expression as Alertmanager applies it: to a value as a whole.
///
/// # Errors
/// In words: what Go or `regex` does not accept about it.
pub fn anchored(pattern: &str) -> Result<Regex, String> {
    // Go compiles it put together, so a bracket may close what stands outside.
    let translated = translate(&format!("^(?:{pattern})$"))?;
    RegexBuilder::new(&translated)
        .size_limit(MAX_SIZE)
        .nest_limit(2 * MAX_DEPTH + 10)
        .build()
        .map_err(|error| error.to_string().lines().last().unwrap_or_default().trim().to_owned())
}

/// Why Go refuses a pattern that has to match a whole value; none when it accepts it.
pub fn problem(pattern: &str) -> Option<String> {
    translate(&format!("^(?s:{pattern})$")).err()
}

/// A pattern in the syntax of the crate `regex`.
///
/// # Errors
/// What Go does not accept about it.
pub fn translate(pattern: &str) -> Result<String, String> {
    let mut translator = Translator {
        rest: pattern,
        out: String::with_capacity(pattern.len() * 2),
        flags: Flags::default(),
        last: None,
        groups: Vec::new(),
        names: HashSet::new(),
    };
    translator.run()?;
    Ok(translator.out)
}

#[derive(Clone, Copy, Default)]
struct Flags {
    /// `i`.
    fold: bool,
    /// `m`.
    lines: bool,
    /// `s`.
    dot_newline: bool,
}

/// The part that a repetition would repeat.
#[derive(Clone, Copy)]
struct Atom {
    /// Where it begins in the output.
    at: usize,
    /// How often it is repeated already, nested repetitions multiplied.
    repeats: u32,
}

struct Group {
    /// Where it begins in the output.
    at: usize,
    /// Flags outside.
    flags: Flags,
    /// The most that anything in it is repeated.
    repeats: u32,
}

struct Translator<'a> {
    rest: &'a str,
    out: String,
    flags: Flags,
    last: Option<Atom>,
    groups: Vec<Group>,
    names: HashSet<&'a str>,
}

impl<'a> Translator<'a> {
    fn run(&mut self) -> Result<(), String> {
        // Whether the last step was a repetition: Go refuses one on another.
        let mut repeated = false;
        while let Some(c) = self.rest.chars().next() {
            let again = repeated;
            repeated = false;
            match c {
                '(' => self.open()?,
                ')' => self.close()?,
                '|' => {
                    self.take(1);
                    self.out.push('|');
                    self.last = None;
                }
                '*' | '+' | '?' => {
                    self.take(1);
                    self.repeat(&c.to_string(), 1, again)?;
                    repeated = true;
                }
                '{' => match self.counted() {
                    Some((min, max, length)) => {
                        self.take(length);
                        self.repeat_counted(min, max, again)?;
                        repeated = true;
                    }
                    None => self.literal_char(c),
                },
                '^' => self.mark(if self.flags.lines { "(?m:^)" } else { r"\A" }, 1),
                '$' => self.mark(if self.flags.lines { "(?m:$)" } else { r"\z" }, 1),
                '.' => self.mark(if self.flags.dot_newline { "(?s:.)" } else { r"[^\n]" }, 1),
                '[' => self.class()?,
                '\\' => self.escaped()?,
                c => self.literal_char(c),
            }
        }
        if self.groups.is_empty() { Ok(()) } else { Err("a group is not closed".to_owned()) }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (head, tail) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = tail;
        head
    }

    fn take_char(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.take(c.len_utf8());
        Some(c)
    }

    fn atom(&mut self, text: &str) {
        let at = self.out.len();
        if self.flags.fold {
            let _ = write!(self.out, "(?i:{text})");
        } else {
            self.out.push_str(text);
        }
        self.last = Some(Atom { at, repeats: 1 });
    }

    /// What case has no part in.
    fn mark(&mut self, text: &str, length: usize) {
        self.take(length);
        let at = self.out.len();
        self.out.push_str(text);
        self.last = Some(Atom { at, repeats: 1 });
    }

    fn literal_char(&mut self, c: char) {
        self.take(c.len_utf8());
        self.literal(u32::from(c));
    }

    /// A code point; Go also takes those of surrogates, which no text holds.
    fn literal(&mut self, code: u32) {
        match char::from_u32(code) {
            Some(c) => self.atom(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            None => self.atom(r"[^\x{0}-\x{10FFFF}]"),
        }
    }

    fn open(&mut self) -> Result<(), String> {
        let outside = self.flags;
        if let Some(named) = self.rest.strip_prefix("(?P<").or_else(|| self.rest.strip_prefix("(?<")) {
            let name = named.split_once('>').map(|(name, _)| name).unwrap_or_default();
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if name.is_empty() || !name.bytes().all(plain) {
                return Err("a named group has an invalid name".to_owned());
            }
            if !self.names.insert(name) {
                return Err(format!("the group name {name} is used twice"));
            }
            self.take(self.rest.len() - named.len() + name.len() + 1);
        } else if self.rest.starts_with("(?") {
            self.take(2);
            if !self.read_flags()? {
                return Ok(());
            }
        } else {
            self.take(1);
        }
        if self.groups.len() >= MAX_DEPTH as usize {
            return Err("groups are nested too deeply".to_owned());
        }
        self.groups.push(Group { at: self.out.len(), flags: outside, repeats: 1 });
        self.out.push_str("(?:");
        self.last = None;
        Ok(())
    }

    /// Reads flags up to `:` or `)`; whether a group begins.
    fn read_flags(&mut self) -> Result<bool, String> {
        let unknown = || "( is followed by ? and an unknown group or flag".to_owned();
        let (mut flags, mut on, mut seen) = (self.flags, true, false);
        loop {
            match self.take_char().ok_or_else(unknown)? {
                'i' => flags.fold = on,
                'm' => flags.lines = on,
                's' => flags.dot_newline = on,
                // Which of several matches is preferred means nothing for a whole value.
                'U' => {}
                '-' if on => {
                    (on, seen) = (false, false);
                    continue;
                }
                end @ (':' | ')') if on || seen => {
                    self.flags = flags;
                    return Ok(end == ':');
                }
                _ => return Err(unknown()),
            }
            seen = true;
        }
    }

    fn close(&mut self) -> Result<(), String> {
        let group = self.groups.pop().ok_or("a ) has no opening (")?;
        self.take(1);
        self.out.push(')');
        self.flags = group.flags;
        self.last = Some(Atom { at: group.at, repeats: group.repeats });
        Ok(())
    }

    /// Puts a repetition behind the last atom. A bracket keeps it apart from what stands there already.
    fn repeat(&mut self, operator: &str, times: u32, again: bool) -> Result<(), String> {
        if self.rest.starts_with('?') {
            self.take(1);
        }
        if again {
            return Err("a repetition cannot be repeated; use brackets".to_owned());
        }
        let Some(atom) = self.last else { return Err(format!("{operator} repeats nothing")) };
        let repeats = atom.repeats.saturating_mul(times);
        if repeats > MAX_REPEAT {
            return Err(format!("it repeats something more than {MAX_REPEAT} times"));
        }
        self.out.insert_str(atom.at, "(?:");
        let _ = write!(self.out, "){operator}");
        self.last = Some(Atom { at: atom.at, repeats });
        if let Some(group) = self.groups.last_mut() {
            group.repeats = group.repeats.max(repeats);
        }
        Ok(())
    }

    fn repeat_counted(&mut self, min: u32, max: Option<u32>, again: bool) -> Result<(), String> {
        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || max < min) {
            return Err("a repetition has an invalid size".to_owned());
        }
        let operator = match max {
            Some(max) => format!("{{{min},{max}}}"),
            None => format!("{{{min},}}"),
        };
        self.repeat(&operator, max.unwrap_or(min).max(1), again)
    }

    /// `{2}`, `{2,}` or `{2,5}` at the front, with its length. Anything else is a brace.
    fn counted(&self) -> Option<(u32, Option<u32>, usize)> {
        let close = self.rest.find('}')?;
        let inner = self.rest.get(1..close)?;
        let number = |text: &str| {
            let plain = !text.is_empty()
                && text.bytes().all(|byte| byte.is_ascii_digit())
                && (text.len() == 1 || !text.starts_with('0'));
            plain.then(|| text.parse::<u32>().unwrap_or(u32::MAX))
        };
        let (min, max) = match inner.split_once(',') {
            None => {
                let min = number(inner)?;
                (min, Some(min))
            }
            Some((min, "")) => (number(min)?, None),
            Some((min, max)) => (number(min)?, Some(number(max)?)),
        };
        Some((min, max, close + 1))
    }

    fn escaped(&mut self) -> Result<(), String> {
        match self.rest.chars().nth(1) {
            Some('A') => self.mark(r"\A", 2),
            Some('z') => self.mark(r"\z", 2),
            Some('b') => self.mark(r"(?-u:\b)", 2),
            Some('B') => self.mark(r"(?-u:\B)", 2),
            Some('Q') => {
                self.take(2);
                let quoted = self.rest.split_once("\\E").map_or(self.rest, |(quoted, _)| quoted);
                for c in self.take(quoted.len()).chars() {
                    self.literal(u32::from(c));
                }
                self.take(2);
            }
            _ => {
                if let Some(group) = self.group()? {
                    self.atom(&format!("[{group}]"));
                } else {
                    let code = self.code_point()?;
                    self.literal(code);
                }
            }
        }
        Ok(())
    }

    /// `\d`, `\pL` and the like at the front, as an item of a class.
    fn group(&mut self) -> Result<Option<String>, String> {
        let Some(kind) = self.rest.strip_prefix('\\').and_then(|rest| rest.chars().next()) else {
            return Ok(None);
        };
        let ascii = match kind {
            'd' => "0-9",
            'D' => "[^0-9]",
            'w' => "0-9A-Za-z_",
            'W' => "[^0-9A-Za-z_]",
            's' => r"\t\n\f\r\x20",
            'S' => r"[^\t\n\f\r\x20]",
            'p' | 'P' => {
                self.take(2);
                return self.unicode(kind == 'P').map(Some);
            }
            _ => return Ok(None),
        };
        self.take(2);
        Ok(Some(ascii.to_owned()))
    }

    /// The name of a category or script behind `\p`.
    fn unicode(&mut self, negated: bool) -> Result<String, String> {
        let invalid = || "the name behind \\p is invalid".to_owned();
        let name = if let Some(braced) = self.rest.strip_prefix('{') {
            let (name, _) = braced.split_once('}').ok_or_else(invalid)?;
            self.take(name.len() + 2);
            name
        } else {
            let length = self.rest.chars().next().ok_or_else(invalid)?.len_utf8();
            self.take(length)
        };
        let (name, negated) = match name.strip_prefix('^') {
            Some(name) => (name, !negated),
            None => (name, negated),
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
            return Err(invalid());
        }
        let kind = match (name, name.len()) {
            ("Any", _) => return Ok(format!("[{}\\x{{0}}-\\x{{10FFFF}}]", if negated { "^" } else { "" })),
            (_, 1 | 2) => "gc",
            _ => "sc",
        };
        Ok(format!("\\{}{{{kind}={name}}}", if negated { 'P' } else { 'p' }))
    }

    /// The code point that an escape at the front means.
    fn code_point(&mut self) -> Result<u32, String> {
        self.take(1);
        let c = self.take_char().ok_or("a backslash stands at its end")?;
        let invalid = || Err(format!("\\{c} is not an escape that Alertmanager knows"));
        let octal = |text: &str| text.bytes().take(2).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
        let code = match c {
            '0'..='7' => {
                let more = octal(self.rest);
                if c != '0' && more == 0 {
                    return invalid();
                }
                let digits = format!("{c}{}", self.take(more));
                u32::from_str_radix(&digits, 8).unwrap_or_default()
            }
            'x' => {
                let digits = if let Some(braced) = self.rest.strip_prefix('{') {
                    let Some((digits, _)) = braced.split_once('}') else { return invalid() };
                    self.take(digits.len() + 2);
                    digits
                } else if self.rest.is_char_boundary(2) && self.rest.len() >= 2 {
                    self.take(2)
                } else {
                    return invalid();
                };
                let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                match u32::from_str_radix(digits, 16) {
                    Ok(code) if plain && code <= u32::from(char::MAX) => code,
                    _ if plain && digits.bytes().all(|byte| byte == b'0') => 0,
                    _ => return invalid(),
                }
            }
            'a' => 7,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => u32::from(c),
            _ => return invalid(),
        };
        Ok(code)
    }

    /// A class in brackets.
    fn class(&mut self) -> Result<(), String> {
        self.take(1);
        let mut class = String::from("[");
        if self.rest.starts_with('^') {
            self.take(1);
            class.push('^');
        }
        // A class of nothing but what no text holds matches nothing.
        let mut items = String::new();
        let mut first = true;
        loop {
            if self.rest.starts_with(']') && !first {
                self.take(1);
                break;
            }
            first = false;
            if let Some((name, length)) = self.rest.strip_prefix("[:").and_then(|rest| {
                let end = rest.find(":]")?;
                Some((rest.get(..end)?, end + 4))
            }) {
                let plain = name.strip_prefix('^').unwrap_or(name);
                if !POSIX.contains(&plain) {
                    return Err(format!("[:{plain}:] is not a class that Alertmanager knows"));
                }
                let _ = write!(items, "[:{name}:]");
                self.take(length);
                continue;
            }
            if let Some(group) = self.group()? {
                items.push_str(&group);
                continue;
            }
            let low = self.class_char()?;
            let mut high = low;
            if self.rest.starts_with('-') && self.rest.len() >= 2 && !self.rest.starts_with("-]") {
                self.take(1);
                high = self.class_char()?;
                if high < low {
                    return Err("a range of a class ends before it begins".to_owned());
                }
            }
            push_range(&mut items, low, high);
        }
        if items.is_empty() {
            items.push_str(r"[^\x{0}-\x{10FFFF}]");
        }
        let _ = write!(class, "{items}]");
        self.atom(&class);
        Ok(())
    }

    fn class_char(&mut self) -> Result<u32, String> {
        if self.rest.starts_with('\\') {
            return self.code_point();
        }
        self.take_char().map(u32::from).ok_or_else(|| "a class is not closed".to_owned())
    }
}

/// Names of the classes of `[[:alpha:]]`.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// A range of code points, without those of surrogates.
fn push_range(items: &mut String, low: u32, high: u32) {
    const SURROGATES: std::ops::RangeInclusive<u32> = 0xD800..=0xDFFF;
    let low = if SURROGATES.contains(&low) { 0xE000 } else { low };
    let high = if SURROGATES.contains(&high) { 0xD7FF } else { high };
    if low <= high {
        let _ = write!(items, "\\x{{{low:X}}}-\\x{{{high:X}}}");
    }
}

#[cfg(test)]
#[path = "re2_tests.rs"]
mod tests;
