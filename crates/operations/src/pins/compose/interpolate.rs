//! Variables in a compose file's values, as the Compose specification has them: `$NAME`, `${NAME}`, `${NAME:-default}`,
//! `${NAME-default}`, `${NAME:?message}`, `${NAME?message}`, `${NAME:+other}`, `${NAME+other}`, nested, and `$$`. Pure.

use std::ops::Range;

/// Deepest nesting that is read.
const DEPTH: usize = 16;
/// Longest text after its variables are replaced, in bytes. A variable that holds another one twice, which holds
/// another one twice, and so on, would fill the memory.
const MAX_TEXT: usize = 64 * 1024;

/// Where a variable's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The environment of this process.
    Environment,
    /// A file of variables, by its place in the list.
    File(usize),
    /// The default that stands beside it.
    Default,
    /// Nowhere: it is empty.
    Nowhere,
}

/// A variable that was met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Name.
    pub name: String,
    /// What stands for it in the text.
    pub value: String,
    /// Where that comes from.
    pub origin: Origin,
    /// Place of the whole in the raw text.
    pub at: Range<usize>,
    /// Place of the default in the raw text, where there is one.
    pub default: Option<Range<usize>>,
}

/// A text with its variables replaced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Replaced {
    /// The text.
    pub text: String,
    /// The variables, outer ones only.
    pub used: Vec<Used>,
}

/// Looks a variable up.
pub type Lookup<'a> = dyn Fn(&str) -> Option<(String, Origin)> + 'a;

/// Replaces the variables of a text.
///
/// # Errors
/// In words: a variable that is asked for and not set, or what is no variable.
pub fn replace(raw: &str, lookup: &Lookup<'_>) -> Result<Replaced, String> {
    deep(raw, 0, lookup, 0)
}

/// Every name that stands where a variable may be, in any text. Escaped ones are among them: too many do no harm here.
pub fn names(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split('$').skip(1).filter_map(|rest| {
        let rest = rest.strip_prefix('{').unwrap_or(rest);
        let length = name_length(rest);
        rest.get(..length).filter(|name| !name.is_empty()).map(str::to_owned)
    })
}

fn deep(raw: &str, offset: usize, lookup: &Lookup<'_>, depth: usize) -> Result<Replaced, String> {
    if depth > DEPTH {
        return Err("its variables are nested too deeply".to_owned());
    }
    let mut done = Replaced::default();
    let mut rest = raw;
    while let Some(at) = rest.find('$') {
        let (head, tail) = rest.split_at(at);
        done.text.push_str(head);
        let begin = raw.len() - tail.len();
        let tail = tail.get(1..).unwrap_or_default();
        if let Some(after) = tail.strip_prefix('$') {
            done.text.push('$');
            rest = after;
            continue;
        }
        let (name, rule, length) = if tail.starts_with('{') {
            let close = closing(tail).ok_or("unclosed ${")?;
            let inner = tail.get(1..close).unwrap_or_default();
            let name = inner.get(..name_length(inner)).unwrap_or_default();
            (name, inner.get(name.len()..).unwrap_or_default(), close + 1)
        } else {
            let length = name_length(tail);
            (tail.get(..length).unwrap_or_default(), "", length)
        };
        if name.is_empty() {
            return Err("$ is not followed by a variable; write $$ for a literal $".to_owned());
        }
        let end = begin + 1 + length;
        let found = lookup(name);
        let given = found.clone().filter(|(value, _)| !value.is_empty());
        // In the raw text: behind the name and the operator, before the brace.
        let word_at = |operator: usize| begin + 2 + name.len() + operator..end - 1;
        let word = |operator: usize| rule.get(operator..).unwrap_or_default();
        let inner = |operator: usize| -> Result<String, String> {
            Ok(deep(word(operator), 0, lookup, depth + 1)?.text)
        };
        let nowhere = || (String::new(), Origin::Nowhere);
        let (value, origin, default) = match rule {
            "" => {
                let (value, origin) = found.unwrap_or_else(nowhere);
                (value, origin, None)
            }
            _ if rule.starts_with(":-") => match given {
                Some((value, origin)) => (value, origin, Some(word_at(2))),
                None => (inner(2)?, Origin::Default, Some(word_at(2))),
            },
            _ if rule.starts_with('-') => match found {
                Some((value, origin)) => (value, origin, Some(word_at(1))),
                None => (inner(1)?, Origin::Default, Some(word_at(1))),
            },
            _ if rule.starts_with(":?") || rule.starts_with('?') => {
                let operator = if rule.starts_with(':') { 2 } else { 1 };
                let set = if operator == 2 { given } else { found };
                let Some((value, origin)) = set else {
                    let why = inner(operator).unwrap_or_default();
                    return Err(format!("the variable {name} is required: {why}")
                        .trim_end_matches([':', ' '])
                        .to_owned());
                };
                (value, origin, None)
            }
            _ if rule.starts_with(":+") || rule.starts_with('+') => {
                let operator = if rule.starts_with(':') { 2 } else { 1 };
                let set = if operator == 2 { given } else { found };
                match set {
                    Some((_, origin)) => (inner(operator)?, origin, None),
                    None => (String::new(), Origin::Nowhere, None),
                }
            }
            other => return Err(format!("${{{name}{other}}} is not a valid variable expression")),
        };
        if done.text.len() + value.len() > MAX_TEXT {
            return Err(format!("after substitution it is longer than {} KiB", MAX_TEXT / 1024));
        }
        done.text.push_str(&value);
        done.used.push(Used {
            name: name.to_owned(),
            value,
            origin,
            at: offset + begin..offset + end,
            default,
        });
        rest = raw.get(end..).unwrap_or_default();
    }
    done.text.push_str(rest);
    Ok(done)
}

fn name_length(text: &str) -> usize {
    let mut bytes = text.bytes();
    match bytes.next() {
        Some(first) if first.is_ascii_alphabetic() || first == b'_' => {
            1 + bytes.take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count()
        }
        _ => 0,
    }
}

/// Place of the brace that closes the one at the beginning.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<(String, Origin)> {
        match name {
            "TAG" => Some(("v2.54.1".into(), Origin::File(0))),
            "EMPTY" => Some((String::new(), Origin::Environment)),
            _ => None,
        }
    }

    fn text(raw: &str) -> Result<String, String> {
        replace(raw, &lookup).map(|done| done.text)
    }

    #[test]
    fn every_form_of_a_variable_is_replaced_as_compose_does() {
        let table = [
            ("prom/prometheus:$TAG", "prom/prometheus:v2.54.1"),
            ("prom/prometheus:${TAG}", "prom/prometheus:v2.54.1"),
            ("a:${TAG:-x}", "a:v2.54.1"),
            ("a:${NO:-x}", "a:x"),
            ("a:${NO-x}", "a:x"),
            ("a:${EMPTY:-x}", "a:x"),
            ("a:${EMPTY-x}", "a:"),
            ("a:${NO}", "a:"),
            ("a:${NO:-${TAG:-y}}", "a:v2.54.1"),
            ("a:${NO:-${NOR:-z}}", "a:z"),
            ("a${TAG:+-alpine}", "a-alpine"),
            ("a${EMPTY:+-alpine}", "a"),
            ("a${EMPTY+-alpine}", "a-alpine"),
            ("a${NO+-alpine}", "a"),
            ("a:${TAG:?it is needed}", "a:v2.54.1"),
            ("cost: 5$$", "cost: 5$"),
            ("${REG:-docker.io}/${NO:-x}:$TAG-y", "docker.io/x:v2.54.1-y"),
            ("not followed by a variable", "not followed by a variable"),
            ("", ""),
        ];
        for (raw, wanted) in table {
            assert_eq!(text(raw).as_deref(), Ok(wanted), "{raw}");
        }
    }

    #[test]
    fn what_can_not_be_replaced_says_why() {
        assert!(text("a:${NO:?set the tag}").unwrap_err().contains("NO is required: set the tag"));
        assert!(text("a:${EMPTY:?}").unwrap_err().contains("EMPTY is required"));
        assert_eq!(text("a:${EMPTY?x}").as_deref(), Ok("a:"));
        assert!(text("a:${TAG").unwrap_err().contains("unclosed"));
        assert!(text("a:$1").unwrap_err().contains("$$"));
        assert!(text("a:${TAG!x}").unwrap_err().contains("not a valid variable expression"));
        assert!(text(&"${A:-".repeat(100)).is_err());
        assert!(text(&format!("{}x{}", "${A:-".repeat(100), "}".repeat(100))).unwrap_err().contains("deep"));
    }

    #[test]
    fn text_that_grows_beyond_its_limit_is_an_error() {
        let value = "x".repeat(40 * 1024);
        let long = |_: &str| Some((value.clone(), Origin::Environment));
        assert_eq!(replace("$A", &long).unwrap().text.len(), value.len());
        assert!(replace("$A$A", &long).unwrap_err().contains("longer than 64 KiB"));
        assert!(replace("${A:+$A$A}", &long).unwrap_err().contains("longer than 64 KiB"));
    }

    #[test]
    fn where_a_value_and_its_default_stand_is_told() {
        let raw = "prom/prometheus:${NO:-v2.54.1}";
        let done = replace(raw, &lookup).unwrap();
        let used = &done.used[0];
        assert_eq!((&raw[used.at.clone()], used.origin.clone()), ("${NO:-v2.54.1}", Origin::Default));
        assert_eq!(&raw[used.default.clone().unwrap()], "v2.54.1");
        assert_eq!(replace("a:$TAG", &lookup).unwrap().used[0].at, 2..6);
    }
}
