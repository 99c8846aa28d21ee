//! What an alert's expression compares with what: the value and its threshold. Pure.
//!
//! Refuses to guess: an expression of another shape has no threshold here, and is shown as it is.

use promql_parser::parser::{self, Expr, token};

use crate::promql::split;

/// A comparison of a value with a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The value's expression.
    pub value: String,
    /// `<`, `<=`, `>`, `>=`, `==` or `!=`: the alert fires when the value is so to the threshold.
    pub comparison: &'static str,
    /// The number.
    pub threshold: f64,
}

/// The condition of an alert's expression. What stands behind `and` or `unless` (a traffic guard) is left out: it only
/// takes away.
pub fn condition(expression: &str) -> Option<Condition> {
    find(&split::parse(expression).ok()?)
}

fn find(expression: &Expr) -> Option<Condition> {
    match expression {
        Expr::Paren(inside) => find(&inside.expr),
        Expr::Binary(binary) => match binary.op.id() {
            token::T_LAND | token::T_LUNLESS => find(&binary.lhs),
            id => {
                // With `bool` the result is 0 or 1 and not the value.
                if binary.modifier.as_ref().is_some_and(|modifier| modifier.return_bool) {
                    return None;
                }
                let (plain, turned) = comparison(id)?;
                let finite = |side: &Expr| constant(side).filter(|value| value.is_finite());
                match (finite(&binary.lhs), finite(&binary.rhs)) {
                    (None, Some(threshold)) => {
                        Some(Condition { value: binary.lhs.to_string(), comparison: plain, threshold })
                    }
                    (Some(threshold), None) => {
                        Some(Condition { value: binary.rhs.to_string(), comparison: turned, threshold })
                    }
                    _ => None,
                }
            }
        },
        _ => None,
    }
}

/// A comparison, and the same with its sides exchanged.
fn comparison(id: parser::token::TokenId) -> Option<(&'static str, &'static str)> {
    match id {
        token::T_LSS => Some(("<", ">")),
        token::T_LTE => Some(("<=", ">=")),
        token::T_GTR => Some((">", "<")),
        token::T_GTE => Some((">=", "<=")),
        token::T_EQLC => Some(("==", "==")),
        token::T_NEQ => Some(("!=", "!=")),
        _ => None,
    }
}

/// The value of an expression of numbers alone: `-5`, `7 * 24 * 3600`.
pub fn constant(expression: &Expr) -> Option<f64> {
    match expression {
        Expr::NumberLiteral(literal) => Some(literal.val),
        Expr::Paren(inside) => constant(&inside.expr),
        Expr::Unary(unary) => constant(&unary.expr).map(|value| -value),
        Expr::Binary(binary) => {
            let (a, b) = (constant(&binary.lhs)?, constant(&binary.rhs)?);
            match binary.op.id() {
                token::T_ADD => Some(a + b),
                token::T_SUB => Some(a - b),
                token::T_MUL => Some(a * b),
                token::T_DIV => Some(a / b),
                token::T_MOD => Some(a % b),
                token::T_POW => Some(a.powf(b)),
                token::T_ATAN2 => Some(a.atan2(b)),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_and_its_threshold_are_found_in_front_of_a_guard() {
        let table = [
            ("up == 0", Some(("up", "==", 0.0))),
            ("0.5 < rate(x[5m])", Some(("rate(x[5m])", ">", 0.5))),
            (
                "aether:cache_hit_ratio:5m < 30 and on (tenant_id) (sum by (tenant_id) (rate(m[5m])) > 0)",
                Some(("aether:cache_hit_ratio:5m", "<", 30.0)),
            ),
            ("(a > -1) unless on (x) b", Some(("a", ">", -1.0))),
            ("100 * a / b >= (90)", Some(("100 * a / b", ">=", 90.0))),
            ("a < 7 * 24 * 3600", Some(("a", "<", 604_800.0))),
            ("a > 1h30m", Some(("a", ">", 5400.0))),
            ("a > .80", Some(("a", ">", 0.8))),
            ("a > 1_000", Some(("a", ">", 1000.0))),
            ("a > b", None),
            ("a > bool 1", None),
            ("vector(1)", None),
            ("a > 1 or b > 2", None),
            ("a >", None),
        ];
        for (expression, expected) in table {
            let found = condition(expression);
            let told = found.as_ref().map(|c| (c.value.as_str(), c.comparison, c.threshold));
            assert_eq!(told, expected, "{expression}");
        }
    }

    #[test]
    fn every_alert_of_the_pack_has_a_threshold() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../monitoring/prometheus-alerts.yml");
        let text = std::fs::read_to_string(path).unwrap();
        let mut found = 0;
        for block in text.split("expr: |").skip(1) {
            let expression: Vec<&str> = block.lines().take_while(|line| !line.contains("for:")).collect();
            let condition = condition(&expression.join("\n"));
            assert!(condition.is_some(), "{expression:?}");
            found += 1;
        }
        assert_eq!(found, 5);
    }

    proptest::proptest! {
        #[test]
        fn no_expression_makes_it_panic(text in "[a-z0-9<>=!(){}\\[\\]\" .*/+-]{0,60}") {
            let _ = condition(&text);
        }
    }
}
