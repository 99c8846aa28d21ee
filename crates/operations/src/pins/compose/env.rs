//! A file of variables (`.env`), as Compose reads it: `KEY=value`, `export`, single quotes for what is taken
//! as it stands, double quotes with escapes, comments, and variables within values. Pure.

use std::ops::Range;

use super::interpolate::{Lookup, Origin, replace};

/// Most variables of a file. Each may refer to all before it, so the time grows with the square of their number.
const MAX_ENTRIES: usize = 10_000;
/// Longest that all values of a file may be together, in bytes.
const MAX_VALUES: usize = 16 * 1024 * 1024;

/// A variable of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
    /// Place of the value in the text, quotes and all.
    pub at: Range<usize>,
}

/// Reads a file; `outside` is the environment, for variables within values.
///
/// # Errors
/// In words, with the line.
pub fn read(text: &str, outside: &Lookup<'_>) -> Result<Vec<Entry>, String> {
    let mut entries: Vec<Entry> = Vec::new();
    // The place of a value counts the mark.
    let mut at = text.len() - super::without_mark(text).len();
    // Lines are counted along the way: from the start for each line, a large file takes minutes.
    let (mut number, mut counted, mut total) = (1, 0, 0);
    while at < text.len() {
        let line_end = text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end);
        let line = text.get(at..line_end).unwrap_or_default();
        number += text.get(counted..at).unwrap_or_default().matches('\n').count();
        counted = at;
        let bare = line.trim_start();
        if bare.trim().is_empty() || bare.starts_with('#') {
            at = line_end + 1;
            continue;
        }
        let declared = bare.strip_prefix("export ").map_or(bare, str::trim_start);
        let Some(separator) = declared.find(['=', ':']) else {
            // A bare name is taken over from the environment, which has the first word anyway.
            at = line_end + 1;
            continue;
        };
        let name = declared.get(..separator).unwrap_or_default().trim();
        if name.is_empty()
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-[]".contains(&byte))
        {
            return Err(format!("line {number}: expected a variable name"));
        }
        let after = line.len() - declared.len() + separator + 1;
        let value = line.get(after..).unwrap_or_default();
        let begin = at + after + (value.len() - value.trim_start_matches([' ', '\t']).len());
        let rest = text.get(begin..).unwrap_or_default();
        let known = |wanted: &str| {
            outside(wanted).or_else(|| {
                let entry = entries.iter().rev().find(|entry| entry.name == wanted)?;
                Some((entry.value.clone(), Origin::Nowhere))
            })
        };
        let (value, length) = match rest.chars().next() {
            Some(quote @ ('\'' | '"')) => {
                let close = quoted(rest, quote).ok_or_else(|| format!("line {number}: unclosed quote"))?;
                let inner = rest.get(1..close).unwrap_or_default();
                let value = if quote == '\'' {
                    inner.replace("\\'", "'")
                } else {
                    replace(&unescaped(inner), &known).map_err(|why| format!("line {number}: {why}"))?.text
                };
                (value, close + 1)
            }
            _ => {
                let line = rest.split('\n').next().unwrap_or_default();
                let end = line.char_indices().find(|(place, c)| {
                    *c == '#'
                        && (*place == 0 || line.get(..*place).is_some_and(|head| head.ends_with([' ', '\t'])))
                });
                let plain =
                    line.get(..end.map_or(line.len(), |(place, _)| place)).unwrap_or_default().trim_end();
                (replace(plain, &known).map_err(|why| format!("line {number}: {why}"))?.text, plain.len())
            }
        };
        total += value.len();
        if entries.len() >= MAX_ENTRIES || total > MAX_VALUES {
            return Err(format!(
                "line {number}: more than {MAX_ENTRIES} variables, or values of more than {} MiB",
                MAX_VALUES / 1024 / 1024
            ));
        }
        entries.push(Entry { name: name.to_owned(), value, at: begin..begin + length });
        let done = begin + length;
        at = text.get(done..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| done + end + 1);
    }
    Ok(entries)
}

/// Place of the quote that closes the one at the beginning.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at),
            _ => {}
        }
    }
    None
}

/// Escapes of double quotes; `\$` is left for the variables to be told apart as `$$`.
fn unescaped(text: &str) -> String {
    let mut done = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            done.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => done.push('\n'),
            Some('r') => done.push('\r'),
            Some('t') => done.push('\t'),
            Some('$') => done.push_str("$$"),
            Some(other @ ('"' | '\\' | '\'')) => done.push(other),
            Some(other) => done.extend(['\\', other]),
            None => done.push('\\'),
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(String, String)> {
        let outside = |name: &str| (name == "HOME").then(|| ("/home/a".to_owned(), Origin::Environment));
        read(text, &outside).unwrap().into_iter().map(|entry| (entry.name, entry.value)).collect()
    }

    #[test]
    fn values_are_read_as_compose_reads_them() {
        let text = "# comment\n\nTAG=v2.54.1\nexport A = b c  # said\nQ='a $TAG #x'\nD=\"b \
            $TAG\\n\\$x\"\nE=\nF=#none\nG=a#b\n\
                    H=${TAG}-x\nI=${NO:-y}\nJ=$HOME\nYAML: z\nBARE\nM='two\nlines'\nLAST=1";
        let expected = [
            ("TAG", "v2.54.1"),
            ("A", "b c"),
            ("Q", "a $TAG #x"),
            ("D", "b v2.54.1\n$x"),
            ("E", ""),
            ("F", ""),
            ("G", "a#b"),
            ("H", "v2.54.1-x"),
            ("I", "y"),
            ("J", "/home/a"),
            ("YAML", "z"),
            ("M", "two\nlines"),
            ("LAST", "1"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(all(text), expected);
        assert_eq!(all(&text.replace('\n', "\r\n"))[0].1, "v2.54.1");
    }

    #[test]
    fn the_place_of_a_value_is_told() {
        let text = "X=1\nTAG = 'v1' # said\n";
        let entries = read(text, &|_| None).unwrap();
        assert_eq!(&text[entries[1].at.clone()], "'v1'");
        assert_eq!(&text[entries[0].at.clone()], "1");
    }

    #[test]
    fn what_is_no_variable_is_told_with_its_line() {
        let wrong = |text: &str| read(text, &|_| None).unwrap_err();
        assert!(wrong("A=1\nB='x").starts_with("line 2: unclosed quote"));
        assert!(wrong("A=1\n\n a b=x").starts_with("line 3:"));
        assert!(wrong("A=${B").contains("unclosed ${"));
    }

    #[test]
    fn variables_that_double_their_value_are_refused() {
        let mut text = "A0=0123456789\n".to_owned();
        for number in 1..64 {
            text.push_str(&format!("A{number}=$A{0}$A{0}\n", number - 1));
        }
        let error = read(&text, &|_| None).unwrap_err();
        assert!(error.contains("longer than 64 KiB"), "{error}");
        let copies = "B=$A\n".repeat(300);
        let error = read(&format!("A={}\n{copies}", "x".repeat(60_000)), &|_| None).unwrap_err();
        assert!(error.starts_with("line 28") && error.contains("16 MiB"), "{error}");
    }

    #[test]
    fn large_file_is_read_line_by_line_and_too_many_variables_are_refused() {
        let comments = "#\n".repeat(1_000_000);
        let error = read(&format!("{comments}A='open"), &|_| None).unwrap_err();
        assert_eq!(error, "line 1000001: unclosed quote");
        assert!(read(&"A=1\n".repeat(20_000), &|_| None).unwrap_err().contains("more than 10000 variables"));
    }
}
