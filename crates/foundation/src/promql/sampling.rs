//! What an expression's values over a range of time can be read from: the samples themselves, or evaluations.

use std::time::Duration;

use promql_parser::parser::{Expr, value::ValueType};

use super::{split::parse, walk::walk};

/// What decides how an expression is looked at over a range of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampling {
    /// The expression as a selector, where it is one: its samples are all that there is. Without a time of its own.
    pub selector: Option<String>,
    /// Whether it gives a number without labels, over which no function of time can be taken.
    pub is_scalar: bool,
    /// The shortest time that it looks back, where each of its selectors looks back over some: no sample is missed by
    /// evaluations that lie closer together than that.
    pub window: Option<Duration>,
}

/// Looks at an expression. One that can't be parsed (another query language) is taken for one of instant values.
pub fn sampling(expression: &str) -> Sampling {
    let Ok(parsed) = parse(expression) else {
        return Sampling { selector: None, is_scalar: false, window: None };
    };
    let mut bare = false;
    let mut window: Option<Duration> = None;
    walk(&parsed, &mut |part| {
        let range = match part {
            Expr::VectorSelector(_) => return bare = true,
            Expr::MatrixSelector(matrix) => matrix.range,
            Expr::Subquery(sub) => sub.range,
            _ => return,
        };
        window = Some(window.map_or(range, |shortest| shortest.min(range)));
    });
    let selector = match inside(&parsed) {
        Expr::VectorSelector(selector) if selector.offset.is_none() && selector.at.is_none() => {
            Some(bare_text(expression))
        }
        _ => None,
    };
    let is_scalar = parsed.value_type() == ValueType::Scalar;
    Sampling { selector, is_scalar, window: window.filter(|_| !bare) }
}

/// An expression without the brackets around it.
fn inside(expression: &Expr) -> &Expr {
    match expression {
        Expr::Paren(paren) => inside(&paren.expr),
        other => other,
    }
}

/// The text of an expression that is a selector in brackets, without them. A selector's own text neither begins nor
/// ends with one.
fn bare_text(expression: &str) -> String {
    let mut text = expression.trim();
    while let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        text = inner.trim();
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_is_read_by_its_samples() {
        for (text, selector) in [
            ("a:b:c", "a:b:c"),
            (" ( (up{job=\"(x)\"}) ) ", "up{job=\"(x)\"}"),
            ("{__name__=\"up\"}", "{__name__=\"up\"}"),
        ] {
            assert_eq!(sampling(text).selector.as_deref(), Some(selector), "{text}");
        }
        for text in
            ["up offset 5m", "up @ 5", "up * 100", "sum(up)", "(up) or (down)", "up[5m]", "1", "not{ promql"]
        {
            assert_eq!(sampling(text).selector, None, "{text}");
        }
    }

    #[test]
    fn evaluations_need_not_lie_closer_together_than_an_expression_looks_back() {
        let window = |text: &str| sampling(text).window.map(|range| range.as_secs());
        assert_eq!(window("sum(rate(a[15m])) / sum(rate(b[5m]))"), Some(300));
        assert_eq!(window("max_over_time(a[1h]) - a"), None, "the right side shows one sample at a time");
        assert_eq!(window("quantile_over_time(0.9, rate(a[5m])[1h:1m])"), Some(300));
        assert_eq!(window("a / b"), None);
        assert!(sampling("scalar(up) * 2").is_scalar && sampling("5").is_scalar && !sampling("up").is_scalar);
    }
}
