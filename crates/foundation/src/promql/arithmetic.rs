//! An expression read as far as it takes to tell the places of its comparisons and the values of its numbers. Pure.

use std::ops::Range;

use super::tokens::{Token, TokenKind, number, tokens};

/// A comparison with a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Where all of it stands.
    pub at: Range<usize>,
    /// Where its number stands: `7 * 24 * 3600` is one.
    pub number: Range<usize>,
    /// The value of the number.
    pub value: f64,
    /// `>`, `<=` and so on, as if the number stood on the right.
    pub operator: &'static str,
    /// Whether it stands in what something is divided by.
    pub in_denominator: bool,
}

impl Comparison {
    /// Its text.
    pub fn text<'a>(&self, expression: &'a str) -> &'a str {
        expression.get(self.at.clone()).unwrap_or_default()
    }
}

/// The comparisons of an expression with a number, in the order of their text. None for what can't be read.
pub(super) fn find(text: &str) -> Option<Vec<Comparison>> {
    let (_, mut found) = read(text)?;
    found.sort_by_key(|found| (found.number.start, found.at.end));
    Some(found)
}

/// The value of an expression of numbers alone.
pub(super) fn constant(text: &str) -> Option<f64> {
    read(text)?.0.value
}

/// Whether a text has the shape of an expression.
pub(super) fn reads(text: &str) -> bool {
    read(text).is_some()
}

fn read(text: &str) -> Option<(Part, Vec<Comparison>)> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, next: 0, found: Vec::new(), denominators: 0 };
    let part = reader.expression(0)?;
    (reader.next == tokens.len()).then_some((part, reader.found))
}

/// What was read: where it stands, and its value when it is a number.
struct Part {
    at: Range<usize>,
    value: Option<f64>,
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    next: usize,
    found: Vec<Comparison>,
    denominators: usize,
}

const POWER: u8 = 6;
const TIMES: u8 = 5;
const COMPARISON: u8 = 3;

/// How strongly an operator binds.
fn strength(word: &str) -> Option<u8> {
    Some(match word {
        "or" => 1,
        "and" | "unless" => 2,
        "==" | "!=" | ">" | ">=" | "<" | "<=" => COMPARISON,
        "+" | "-" => 4,
        "*" | "/" | "%" | "atan2" => TIMES,
        "^" => POWER,
        _ => return None,
    })
}

/// An operator as if its sides were exchanged.
fn turned(operator: &str) -> Option<(&'static str, &'static str)> {
    Some(match operator {
        "==" => ("==", "=="),
        "!=" => ("!=", "!="),
        ">" => (">", "<"),
        ">=" => (">=", "<="),
        "<" => ("<", ">"),
        "<=" => ("<=", ">="),
        _ => return None,
    })
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(self.next)
    }

    /// The next token in lower case, unless it is a text.
    fn word(&self) -> Option<String> {
        self.peek().filter(|token| token.kind != TokenKind::Text).map(|token| token.text.to_ascii_lowercase())
    }

    fn is(&self, sign: &str) -> bool {
        self.peek().is_some_and(|token| token.kind == TokenKind::Sign && token.text == sign)
    }

    fn end(&self) -> usize {
        self.next.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |token| token.at.end)
    }

    fn expression(&mut self, least: u8) -> Option<Part> {
        let mut left = self.unary()?;
        while let Some(operator) = self.word() {
            let Some(strength) = strength(&operator).filter(|strength| *strength >= least) else { break };
            self.next += 1;
            self.modifiers()?;
            let divides = operator == "/";
            self.denominators += usize::from(divides);
            // All but the power bind to the left.
            let right = self.expression(if strength == POWER { strength } else { strength + 1 });
            self.denominators -= usize::from(divides);
            left = self.joined(left, &operator, right?);
        }
        Some(left)
    }

    fn joined(&mut self, left: Part, operator: &str, right: Part) -> Part {
        let at = left.at.start..right.at.end;
        let value = match (left.value, right.value, turned(operator)) {
            (Some(a), Some(b), None) => calculated(a, operator, b),
            // Of two numbers, the result is what `bool` makes of them.
            (Some(_), Some(_), Some(_)) => None,
            (None, Some(value), Some((plain, _))) => {
                self.find(at.clone(), right.at, value, plain);
                None
            }
            (Some(value), None, Some((_, turned))) => {
                self.find(at.clone(), left.at, value, turned);
                None
            }
            _ => None,
        };
        Part { at, value }
    }

    fn find(&mut self, at: Range<usize>, number: Range<usize>, value: f64, operator: &'static str) {
        let in_denominator = self.denominators > 0;
        self.found.push(Comparison { at, number, value, operator, in_denominator });
    }

    /// Passes over `bool`, `on (…)`, `group_left (…)` and the like behind an operator.
    fn modifiers(&mut self) -> Option<()> {
        while let Some(word) = self.word() {
            match word.as_str() {
                "bool" => self.next += 1,
                "on" | "ignoring" | "group_left" | "group_right" | "fill" | "fill_left" | "fill_right" => {
                    self.next += 1;
                    // `group_left (x)` before an operand in parentheses: the first parentheses are the list's.
                    if self.is("(") {
                        self.group()?;
                    }
                }
                _ => break,
            }
        }
        Some(())
    }

    fn unary(&mut self) -> Option<Part> {
        let start = self.peek()?.at.start;
        if self.is("-") || self.is("+") {
            let minus = self.is("-");
            self.next += 1;
            // A sign binds weaker than a power: -2^2 is -4.
            let inside = self.expression(POWER)?;
            let value = inside.value.map(|value| if minus { -value } else { value });
            return Some(Part { at: start..inside.at.end, value });
        }
        let value = self.primary()?;
        let mut bare = true;
        loop {
            if self.is("[") {
                self.group()?;
            } else if matches!(self.word().as_deref(), Some("@" | "offset")) {
                self.next += 1;
                self.instant()?;
            } else {
                break;
            }
            bare = false;
        }
        Some(Part { at: start..self.end(), value: value.filter(|_| bare) })
    }

    /// What stands behind `@` and `offset`.
    fn instant(&mut self) -> Option<()> {
        while self.is("-") || self.is("+") {
            self.next += 1;
        }
        self.peek()?;
        self.next += 1;
        if self.is("(") {
            self.group()?;
        }
        Some(())
    }

    fn primary(&mut self) -> Option<Option<f64>> {
        let token = self.peek()?;
        match (token.kind, token.text) {
            (TokenKind::Number, text) => {
                self.next += 1;
                Some(Some(number(text)?))
            }
            (TokenKind::Text, _) => {
                self.next += 1;
                Some(None)
            }
            (TokenKind::Sign, "(") => {
                self.next += 1;
                let inside = self.expression(0)?;
                self.is(")").then_some(())?;
                self.next += 1;
                Some(inside.value)
            }
            (TokenKind::Sign, "{") => {
                self.group()?;
                Some(None)
            }
            (TokenKind::Word, text) => {
                self.next += 1;
                let value = number(text);
                while matches!(self.word().as_deref(), Some("by" | "without")) {
                    self.next += 1;
                    self.group()?;
                }
                if self.is("(") {
                    self.arguments()?;
                    if matches!(self.word().as_deref(), Some("by" | "without")) {
                        self.next += 1;
                        self.group()?;
                    }
                    return Some(None);
                }
                if self.is("{") {
                    self.group()?;
                    return Some(None);
                }
                Some(value)
            }
            _ => None,
        }
    }

    fn arguments(&mut self) -> Option<()> {
        self.next += 1;
        while !self.is(")") {
            self.expression(0)?;
            if self.is(",") {
                self.next += 1;
            }
        }
        self.next += 1;
        Some(())
    }

    /// Passes over brackets with all that is in them.
    fn group(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            let token = self.peek()?;
            match (token.kind, token.text) {
                (TokenKind::Sign, "(" | "[" | "{") => depth += 1,
                (TokenKind::Sign, ")" | "]" | "}") => depth = depth.checked_sub(1)?,
                _ => {}
            }
            self.next += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}

fn calculated(a: f64, operator: &str, b: f64) -> Option<f64> {
    Some(match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        "^" => a.powf(b),
        "atan2" => a.atan2(b),
        _ => return None,
    })
}
