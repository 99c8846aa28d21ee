//! Fills the labels of an alert into a page. A label's value is foreign text: in a query it stays the text between the
//! quotes it was written into, and in a command of a shell only what no shell takes for its own is filled in.

use std::collections::BTreeMap;

/// The labels.
pub type Labels = BTreeMap<String, String>;

/// Fills in a query.
///
/// # Errors
/// In a sentence, when a label is missing or stands where no text can.
pub fn query(template: &str, labels: &Labels) -> Result<String, String> {
    let mut out = String::with_capacity(template.len());
    // The quote that is open, and whether it holds a regular expression.
    let mut open: Option<(char, bool)> = None;
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        if let Some((name, after)) = placeholder(rest) {
            let Some((quote, regex)) = open else {
                return Err(format!("The label {name} is used outside quotes in the query."));
            };
            let value = labels.get(name).ok_or_else(|| format!("The alert has no label {name}."))?;
            let value = if regex { regex::escape(value) } else { value.clone() };
            quoted(&mut out, &value, quote).map_err(|()| {
                format!("The value of label {name} contains a character that cannot be quoted here.")
            })?;
            rest = after;
            continue;
        }
        let mut taken = c.len_utf8();
        match open {
            Some((quote, _)) if c == quote => open = None,
            // What is escaped ends nothing.
            Some((quote, _)) if c == '\\' && quote != '`' => {
                taken += rest.chars().nth(1).map_or(0, char::len_utf8);
            }
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') => {
                let before = out.trim_end();
                open = Some((c, before.ends_with("=~") || before.ends_with("!~")));
            }
            None if c == '#' => taken = rest.find('\n').unwrap_or(rest.len()),
            None => {}
        }
        let (now, after) = rest.split_at(taken);
        out.push_str(now);
        rest = after;
    }
    Ok(out)
}

/// Fills in Markdown: in blocks of PromQL as a query, elsewhere only values that are harmless in any shell.
/// What can't be filled in stays as it is.
pub fn markdown(text: &str, labels: &Labels) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        let (before, here) = rest.split_at(at);
        out.push_str(before);
        match placeholder(here) {
            Some((name, after)) => {
                let harmless = labels.get(name).filter(|value| harmless(value));
                out.push_str(harmless.map_or_else(
                    || here.get(..here.len() - after.len()).unwrap_or_default(),
                    String::as_str,
                ));
                rest = after;
            }
            None => {
                out.push_str("{{");
                rest = here.get(2..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// Whether a value is the same word in every shell and in Markdown.
pub fn harmless(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= 200
        && !value.starts_with('-')
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/@".contains(&byte))
}

/// `{{name}}` at the begin: the name, and what follows it.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix("{{")?;
    let (name, after) = inner.split_once("}}")?;
    let name = name.trim();
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let first = name.chars().next()?;
    (name.len() <= 200 && !first.is_ascii_digit() && name.chars().all(word)).then_some((name, after))
}

/// Text between quotes of PromQL, which are those of Go.
fn quoted(out: &mut String, value: &str, quote: char) -> Result<(), ()> {
    for c in value.chars() {
        match c {
            // Raw: nothing can be escaped in it.
            '`' if quote == '`' => return Err(()),
            '\r' if quote == '`' => return Err(()),
            c if quote == '`' => out.push(c),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use promql_parser::{
        label::MatchOp,
        parser::{self, Expr},
    };
    use proptest::prelude::*;

    use super::*;

    fn labels(value: &str) -> Labels {
        Labels::from([("t".to_owned(), value.to_owned())])
    }

    /// The one selector of a query.
    fn selector(query: &str) -> (MatchOp, String) {
        let parsed = parser::parse(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        let Expr::VectorSelector(selector) = parsed else { panic!("{query} is no plain selector any more") };
        assert_eq!(selector.matchers.matchers.len(), 1, "{query}");
        let matcher = selector.matchers.matchers[0].clone();
        (matcher.op, matcher.value)
    }

    #[test]
    fn a_value_stays_the_text_between_its_quotes() {
        let nasty = [
            "plain",
            "a\"b",
            "a'b",
            "a\\",
            "\\\"",
            "a}b{",
            "\"} or vector(1) #",
            "a\nb",
            "{{t}}",
            "ä 漢",
            "%d $1",
        ];
        for value in nasty {
            for template in ["m{l=\"{{t}}\"}", "m{l='{{ t }}'}", "m{l=`{{t}}`}"] {
                // Prometheus takes nothing for an escape between these; the parser that is the oracle here does.
                if template.contains('`') && value.contains('\\') {
                    continue;
                }
                let (op, found) = selector(&query(template, &labels(value)).unwrap());
                assert!(matches!(op, MatchOp::Equal));
                assert_eq!(found, value, "{template}");
            }
        }
        assert!(query("m{l=`{{t}}`}", &labels("a`b")).unwrap_err().contains("cannot be quoted"));
    }

    #[test]
    fn in_a_regular_expression_a_value_matches_itself_only() {
        for value in ["a.b", "a|b", ".*", "(x", "a\\d", "\"}", "[", "a-b c#&~"] {
            let filled = query("m{l=~\"{{t}}\"}", &labels(value)).unwrap();
            let MatchOp::Re(found) = selector(&filled).0 else { panic!("{filled}") };
            assert!(found.is_match(value), "{filled}");
            assert!(!found.is_match("anything else"), "{filled}");
        }
    }

    #[test]
    fn what_can_not_be_filled_in_is_told() {
        assert_eq!(query("m{l=\"{{other}}\"}", &labels("x")).unwrap_err(), "The alert has no label other.");
        assert!(query("m > {{t}}", &labels("1) or (1")).unwrap_err().contains("outside quotes"));
        assert_eq!(query("m # {{t}} \"\n + n", &labels("x")).unwrap(), "m # {{t}} \"\n + n");
        assert_eq!(query(r#"m{l="\"{{t}}"}"#, &labels("x")).unwrap(), r#"m{l="\"x"}"#);
        for template in ["{{", "}}", "{{}}", "{{1}}", "\"", "\\", "{{t", "m{l=\"a{{ b c }}\"}"] {
            let _ = query(template, &labels("x"));
        }
    }

    #[test]
    fn no_command_of_a_shell_gets_more_than_a_word() {
        let text = "aetherctl x --matcher 't=\"{{t}}\"' {{u}} {{ }}";
        assert!(markdown(text, &labels("vip-1")).contains("t=\"vip-1\""));
        for value in
            ["a'; rm -rf ~ #", "$(id)", "a b", "`id`", "-x", "a\nb", "\"", "<img>", "](javascript:x)", ""]
        {
            assert_eq!(markdown(text, &labels(value)), text, "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_value_is_taken_as_it_is(value in "\\PC{0,40}|[\"'\\\\{}#`\n\r\t ]{0,20}|[\\x00-\\x1f]{0,4}") {
            let filled = query("m{l=\"{{t}}\"}", &labels(&value)).unwrap();
            let (_, found) = selector(&filled);
            prop_assert_eq!(found, value);
        }
    }
}
