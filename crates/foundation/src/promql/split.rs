//! An expression's text cut at its outermost `and` and `unless`, so that a guard can be mended and the rest stays
//! as it was written: the parser keeps no places. Pure.

use std::{cell::RefCell, collections::VecDeque};

use promql_parser::parser::{self, Expr, token};

use super::dialect::{misread, refused_pattern, translated};

/// Longest expression that is taken apart, in bytes.
pub const MAX_LENGTH: usize = 32 * 1024;

/// An operand with what joins it to the ones before.
#[derive(Debug, Clone, PartialEq)]
pub struct SubExpression {
    /// What joins it; none for the first.
    pub join: Option<Join>,
    /// Its text, trimmed.
    pub text: String,
    /// Its expression.
    pub expr: Expr,
}

/// `and` or `unless` with its matching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// Whether it is `unless`.
    pub unless: bool,
    /// `on` (true) or `ignoring` (false) and their labels.
    pub matching: Option<(bool, Vec<String>)>,
}

/// Deepest nesting of brackets in an expression that is parsed.
const MAX_DEPTH: usize = 100;
/// Most operators and subqueries of an expression that is parsed: each is a level of its own, as in `1+1+1+…`.
const MAX_OPERATORS: usize = 500;

/// Parses an expression. Everything here that walks, prints or drops an expression recurses into it, so one that is
/// nested without end, as a hostile server or rule file may send it, would overflow the stack and end the program.
///
/// # Errors
/// The parser's words, or that it is too long or nested too deep.
pub fn parse(text: &str) -> Result<Expr, String> {
    // Everything that looks at a rule parses its expression and the same parts of it again.
    if let Some(known) = RECENT.with_borrow(|recent| recent.get(text)) {
        return known;
    }
    let parsed = parse_anew(text);
    RECENT.with_borrow_mut(|recent| recent.keep(text, &parsed));
    parsed
}

fn parse_anew(text: &str) -> Result<Expr, String> {
    if text.len() > MAX_LENGTH {
        return Err(format!("longer than {} KiB", MAX_LENGTH / 1024));
    }
    let (depth, operators) = nesting(text);
    if depth > MAX_DEPTH {
        return Err(format!("parentheses nested more than {MAX_DEPTH} deep"));
    }
    if operators > MAX_OPERATORS {
        return Err(format!("more than {MAX_OPERATORS} operators"));
    }
    read(text).map(|(expr, _)| expr)
}

/// Most expressions that a thread remembers, and the longest, in bytes.
const MAX_RECENT: usize = 32;
const MAX_RECENT_LENGTH: usize = 4096;

thread_local! {
    static RECENT: RefCell<Recent> = const { RefCell::new(Recent(VecDeque::new())) };
}

/// What was parsed last, the newest first.
struct Recent(VecDeque<(String, Result<Expr, String>)>);

impl Recent {
    fn get(&self, text: &str) -> Option<Result<Expr, String>> {
        self.0.iter().find(|(known, _)| known == text).map(|(_, parsed)| parsed.clone())
    }

    fn keep(&mut self, text: &str, parsed: &Result<Expr, String>) {
        if text.len() <= MAX_RECENT_LENGTH {
            self.0.truncate(MAX_RECENT - 1);
            self.0.push_front((text.to_owned(), parsed.clone()));
        }
    }
}

/// Whether the parser has words for all of an expression. Where it does not, what is parsed has the expression's shape,
/// and must not be written anywhere.
pub fn is_exact(text: &str) -> bool {
    parse(text).is_ok() && read(text).is_ok_and(|(_, exact)| exact)
}

/// Whether only a translation of an expression could be parsed: older servers may not take it either.
pub fn is_of_newer_syntax(text: &str) -> bool {
    parse(text).is_ok() && parser::parse(text).is_err()
}

fn read(text: &str) -> Result<(Expr, bool), String> {
    if let Some(why) = refused_pattern(text) {
        return Err(why);
    }
    let why = match parser::parse(text) {
        Ok(expr) if !misread(text) => return Ok((expr, true)),
        Ok(_) => "invalid promql query".to_owned(),
        Err(why) => why,
    };
    match translated(text) {
        Some(other) => parser::parse(&other.text).map(|expr| (expr, other.exact)),
        // Where nothing has another form, what was read is what is meant.
        None if misread(text) => parser::parse(text).map(|expr| (expr, true)),
        None => Err(why),
    }
}

/// How deep an expression's brackets are nested, and how many operators and subqueries it has. Counts too many where
/// it can't tell, never too few. Texts and comments end where the parser ends them: it takes a backslash in backticks
/// for an escape, which [`Walk`] and Prometheus do not.
fn nesting(text: &str) -> (usize, usize) {
    let mut open = Vec::new();
    let (mut deepest, mut operators, mut in_word) = (0, 0, false);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        let starts_word = is_word(c) && !in_word;
        in_word = is_word(c);
        match c {
            '"' | '\'' | '`' => {
                while let Some((_, inside)) = chars.next() {
                    match inside {
                        '\\' => drop(chars.next()),
                        _ if inside == c => break,
                        _ => {}
                    }
                }
            }
            '#' => drop(chars.find(|(_, c)| matches!(c, '\n' | '\r'))),
            '(' | '[' | '{' => {
                open.push(c);
                deepest = deepest.max(open.len());
            }
            ')' | ']' | '}' => {
                open.pop();
            }
            // The signs of matchers nest nothing.
            _ if open.last() == Some(&'{') => {}
            ':' if open.last() == Some(&'[') => operators += 1,
            '+' | '-' | '*' | '/' | '%' | '^' | '<' | '>' | '=' | '!' => operators += 1,
            _ if starts_word => {
                let word = word_at(text, at).to_ascii_lowercase();
                operators += usize::from(["and", "or", "unless", "atan2"].contains(&word.as_str()));
            }
            _ => {}
        }
    }
    (deepest, operators)
}

/// An expression in its one form: two expressions that mean the same by their text alone have the same form. Text that
/// can't be parsed is only trimmed.
pub fn normal(text: &str) -> String {
    parse(text).map_or_else(|_| text.trim().to_owned(), |expr| expr.to_string())
}

/// The operands of an expression's outermost `and`/`unless` chain; one when there is no chain. None when it can't be
/// parsed, or mixes them with `or`.
pub fn pieces(text: &str) -> Option<Vec<SubExpression>> {
    operands(text, parse(text).ok()?)
}

fn operands(text: &str, mut whole: Expr) -> Option<Vec<SubExpression>> {
    let text = bare(text);
    while let Expr::Paren(inside) = whole {
        whole = *inside.expr;
    }
    let found = cut(text)?;
    let mut exprs = chain(whole);
    if exprs.len() != found.len() {
        // What was cut must be expressions of their own.
        exprs = found.iter().map(|(_, text)| parse(text)).collect::<Result<_, _>>().ok()?;
    }
    let mut list = Vec::new();
    for (index, ((join, text), expr)) in found.into_iter().zip(exprs).enumerate() {
        if index == 0
            && bare(&text) != text
            && let Some(inner) = operands(&text, expr.clone()).filter(|inner| inner.len() > 1)
        {
            list.extend(inner);
            continue;
        }
        list.push(SubExpression { join, text, expr });
    }
    Some(list)
}

/// The operands of a chain of `and` and `unless`, in the order of their text.
fn chain(mut whole: Expr) -> Vec<Expr> {
    let mut found = Vec::new();
    loop {
        match whole {
            Expr::Binary(binary) if matches!(binary.op.id(), token::T_LAND | token::T_LUNLESS) => {
                found.push(*binary.rhs);
                whole = *binary.lhs;
            }
            other => {
                found.push(other);
                break;
            }
        }
    }
    found.reverse();
    found
}

/// Puts pieces together, on lines of their own where the text before had lines.
pub fn join(pieces: &[SubExpression], lines: bool) -> String {
    let gap = if lines { "\n" } else { " " };
    let mut text = String::new();
    for piece in pieces {
        if let Some(join) = &piece.join {
            text.push_str(gap);
            text.push_str(if join.unless { "unless" } else { "and" });
            if let Some((on, labels)) = &join.matching {
                text.push_str(if *on { " on (" } else { " ignoring (" });
                text.push_str(&labels.join(", "));
                text.push(')');
            }
            text.push_str(gap);
        }
        text.push_str(&piece.text);
    }
    text
}

/// Without the parentheses around all of it.
fn bare(text: &str) -> &str {
    let mut text = text.trim();
    while text.starts_with('(') && closes_at(text, 0) == Some(text.len() - 1) {
        text = text.get(1..text.len() - 1).unwrap_or_default().trim();
    }
    text
}

/// Where the bracket at `open` closes.
fn closes_at(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in Walk::new(text, open) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn cut(text: &str) -> Option<Vec<(Option<Join>, String)>> {
    let mut found = Vec::new();
    let (mut depth, mut start, mut join) = (0_usize, 0_usize, None);
    let mut walk = Walk::new(text, 0);
    let mut word_before = false;
    while let Some((at, c)) = walk.next() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        let in_word = word_before;
        word_before = is_word(c);
        if depth > 0 || in_word || !word_before {
            continue;
        }
        let word = word_at(text, at);
        let unless = match word.to_ascii_lowercase().as_str() {
            "or" => return None,
            "and" => false,
            "unless" => true,
            _ => continue,
        };
        let (matching, after) = matching(text, at + word.len())?;
        found.push((join.take(), text.get(start..at)?.trim().to_owned()));
        join = Some(Join { unless, matching });
        start = after;
        walk = Walk::new(text, after);
        word_before = false;
    }
    found.push((join, text.get(start..)?.trim().to_owned()));
    Some(found)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.')
}

fn word_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

/// `on (…)` or `ignoring (…)` after an operator, and where the operand begins. None for what can't be read.
#[allow(clippy::type_complexity, reason = "one place")]
fn matching(text: &str, after: usize) -> Option<(Option<(bool, Vec<String>)>, usize)> {
    let skip = |from: usize| {
        let mut walk = Walk::new(text, from);
        let found = walk.find(|(_, c)| !c.is_whitespace());
        found.map_or(text.len(), |(at, _)| at)
    };
    let at = skip(after);
    let word = word_at(text, at);
    let on = match word.to_ascii_lowercase().as_str() {
        "on" => true,
        "ignoring" => false,
        _ => return Some((None, after)),
    };
    let open = skip(at + word.len());
    if !text.get(open..)?.starts_with('(') {
        return Some((None, after));
    }
    let close = closes_at(text, open)?;
    let list = text.get(open + 1..close)?.split(',').map(|label| label.trim().to_owned());
    Some((Some((on, list.filter(|label| !label.is_empty()).collect())), close + 1))
}

/// The characters outside of texts and comments.
struct Walk<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Walk<'a> {
    fn new(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }
}

impl Iterator for Walk<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let at = self.at;
            let c = self.text.get(at..)?.chars().next()?;
            self.at += c.len_utf8();
            match c {
                '"' | '\'' | '`' => {
                    let mut rest = self.text.get(self.at..)?.char_indices();
                    let mut end = self.text.len();
                    while let Some((offset, inside)) = rest.next() {
                        if inside == '\\' && c != '`' {
                            rest.next();
                        } else if inside == c {
                            end = self.at + offset + 1;
                            break;
                        }
                    }
                    self.at = end;
                    // A text ends a word.
                    return Some((at, c));
                }
                '#' => {
                    let rest = self.text.get(self.at..)?;
                    self.at += rest.find('\n').unwrap_or(rest.len());
                }
                _ => return Some((at, c)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        pieces(text).unwrap_or_default().into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn a_chain_is_cut_at_its_outermost_operators() {
        assert_eq!(texts("a < 3 and b > 0"), ["a < 3", "b > 0"]);
        assert_eq!(texts("(a < 3) AND on (x, y) (b > 0) unless c"), ["(a < 3)", "(b > 0)", "c"]);
        assert_eq!(texts("((a and b) and c)"), ["a", "b", "c"]);
        assert_eq!(texts("sum(a and b) > 3"), ["sum(a and b) > 3"]);
        assert_eq!(texts("x{l=\"q and r\"} > 0 # and\n and y"), ["x{l=\"q and r\"} > 0 # and", "y"]);
        assert_eq!(texts("band > 1 and andy > 1"), ["band > 1", "andy > 1"]);
        assert!(pieces("a and b or c").is_none());
        assert!(pieces("a and").is_none());
    }

    #[test]
    fn expression_nested_without_end_is_refused_before_it_overflows_the_stack() {
        let nested = [
            "(".repeat(16_000) + "a" + &")".repeat(16_000),
            "-".repeat(32_000) + "a",
            "- ".repeat(16_000) + "a",
            "a".to_owned() + &"+1".repeat(16_000),
            "a".to_owned() + &" or a".repeat(6_000),
            "a".to_owned() + &"[1m:]".repeat(6_000),
            "abs(".repeat(8_000) + "a" + &")".repeat(8_000),
            "sum(a and ".repeat(3_000) + "b" + &")".repeat(3_000),
            // Prometheus reads the backslash as itself, the parser as an escape: then the brackets are outside
            // of texts.
            "a{b=`\\``} + ".to_owned() + &"(".repeat(10_000) + "c" + &")".repeat(10_000),
            "a # x\r".to_owned() + &"+1".repeat(10_000),
        ];
        for text in nested {
            assert!(parse(&text).is_err(), "{:?}", text.get(..40));
            assert_eq!(pieces(&text), None);
            assert_eq!(normal(&text), text.trim());
        }
    }

    #[test]
    fn deepest_expression_that_is_taken_fits_the_stack_of_a_worker() {
        let deep = [
            "(".repeat(MAX_DEPTH) + "a" + &")".repeat(MAX_DEPTH),
            "-".repeat(MAX_OPERATORS) + "a",
            "a".to_owned() + &" + 1".repeat(MAX_OPERATORS),
            "a".to_owned() + &"[1m:]".repeat(MAX_OPERATORS),
        ];
        for text in deep {
            // The size that the async runtime gives its workers.
            let worker = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
            let join = worker.spawn(move || parse(&text).map(|expr| expr.to_string().len())).unwrap();
            // A text that is no expression (a subquery of a subquery) must be refused, not crash.
            let _ = join.join().unwrap();
        }
    }

    #[test]
    fn ordinary_long_expressions_are_still_parsed() {
        let many = vec!["sum by (job) (rate(a{job=~\"x|y\", b!=\"1\", c=\"d-e\"}[5m] offset 1h)) > 0"; 60]
            .join(" or ");
        assert!(parse(&many).is_ok());
    }

    #[test]
    fn what_was_cut_and_joined_means_the_same() {
        for text in [
            "a < 3 and on (x) (b > 0)",
            "a < 3\nand ignoring (y)\n(sum by (x) (rate(b[5m])) > 0)\nunless on () c == 0",
            "a > 1 and on(x)b",
        ] {
            let cut = pieces(text).unwrap();
            assert_eq!(normal(&join(&cut, true)), normal(text));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_expression_makes_it_panic(text in "[a-z0-9<>=!(){}\\[\\]\"'`#,\\\\ .*/+é-]{0,60}( and | unless \
            )?[a-z()\"]{0,9}") {
            let _ = pieces(&text);
            let _ = cut(&text);
        }
    }
}
