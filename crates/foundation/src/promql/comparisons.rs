//! The comparisons of an expression with a number, each with the place of its text and of its number. Pure.
//!
//! The parser keeps no places, so the expression is read once more, as far as it takes to tell them.

pub use super::arithmetic::Comparison;
use super::{arithmetic, split::parse};

/// The comparisons of an expression with a number, in the order of their text. None for what can't be read.
pub fn comparisons(text: &str) -> Option<Vec<Comparison>> {
    parse(text).ok()?;
    arithmetic::find(text)
}

/// The value of an expression of numbers alone, such as `7 * 24 * 3600`.
pub fn constant(text: &str) -> Option<f64> {
    parse(text).ok()?;
    arithmetic::constant(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(&str, &str, f64)> {
        let all = comparisons(text).unwrap();
        all.into_iter().map(|one| (&text[one.at], &text[one.number], one.value)).collect()
    }

    #[test]
    fn every_comparison_with_a_number_is_found_with_its_places() {
        assert_eq!(told("cpu > .80"), [("cpu > .80", ".80", 0.8)]);
        assert_eq!(told("a > 0.9 < 1"), [("a > 0.9", "0.9", 0.9), ("a > 0.9 < 1", "1", 1.0)]);
        assert_eq!(
            told("a > 0 and b < 7 * 24 * 3600"),
            [("a > 0", "0", 0.0), ("b < 7 * 24 * 3600", "7 * 24 * 3600", 604_800.0)]
        );
        assert_eq!(told("60 * 5 < time() - x"), [("60 * 5 < time() - x", "60 * 5", 300.0)]);
        assert_eq!(
            told("sum by (a) (x > 3) / 2 >= -1"),
            [("x > 3", "3", 3.0), ("sum by (a) (x > 3) / 2 >= -1", "-1", -1.0)]
        );
        assert_eq!(told("x{a=\"> 7\"}[5m:1m] offset -5m"), []);
        assert_eq!(
            told("(x > bool 5) == 1 # > 9"),
            [("x > bool 5", "5", 5.0), ("(x > bool 5) == 1", "1", 1.0)]
        );
        assert_eq!(told("x @ end() > on () group_left (y) z"), []);
        assert_eq!(told("x > (1h30m) and on (a) y"), [("x > (1h30m)", "(1h30m)", 5400.0)]);
        assert_eq!(told("x > 2 ^ 3 ^ 0"), [("x > 2 ^ 3 ^ 0", "2 ^ 3 ^ 0", 2.0)]);
        assert_eq!(told("x > -2 ^ 2"), [("x > -2 ^ 2", "-2 ^ 2", -4.0)]);
        assert!(comparisons("a >").is_none());
        let guarded = comparisons("a / (sum(b) > 0) > 5").unwrap();
        assert_eq!(guarded.iter().map(|one| one.in_denominator).collect::<Vec<_>>(), [true, false]);
        assert_eq!(guarded[1].operator, ">");
        assert_eq!(comparisons("5 < a").unwrap()[0].operator, ">");
    }

    #[test]
    fn a_number_may_be_calculated() {
        for (text, value) in
            [("3d", 259_200.0), ("7 * 24 * 3600", 604_800.0), ("-1_000", -1000.0), ("1e-3", 0.001)]
        {
            assert_eq!(constant(text), Some(value), "{text}");
        }
        for text in ["x", "1 >", "vector(1)", "", "1 > bool 0"] {
            assert_eq!(constant(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_expression_makes_it_panic(text in "[a-z0-9<>=!(){}\\[\\]\"'`#,\\\\ .*/+é@-]{0,60}") {
            let _ = comparisons(&text);
        }
    }
}
