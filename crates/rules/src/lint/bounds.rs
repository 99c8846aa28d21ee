//! Between which numbers an expression's values lie, as far as its text tells. Pure.

use aether_foundation::promql::expression::constant;
use promql_parser::parser::{BinaryExpr, Expr, token};

/// The least and the largest value; infinite where nothing is known.
pub(super) fn of(expr: &Expr) -> (f64, f64) {
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    if let Some(value) = constant(expr) {
        return (value, value);
    }
    match expr {
        Expr::Paren(inside) => of(&inside.expr),
        Expr::Unary(unary) => {
            let (low, high) = of(&unary.expr);
            (-high, -low)
        }
        Expr::Aggregate(aggregate) => match aggregate.op.id() {
            token::T_SUM if of(&aggregate.expr).0 >= 0.0 => (0.0, f64::INFINITY),
            token::T_AVG
            | token::T_MIN
            | token::T_MAX
            | token::T_QUANTILE
            | token::T_TOPK
            | token::T_BOTTOMK => of(&aggregate.expr),
            token::T_COUNT => (1.0, f64::INFINITY),
            token::T_GROUP => (1.0, 1.0),
            _ => all,
        },
        Expr::Call(call) => {
            let arg = |index: usize| call.args.args.get(index).map(AsRef::as_ref);
            let number = |index| arg(index).and_then(constant);
            let inner = || arg(0).map_or(all, of);
            match call.func.name {
                "vector" => inner(),
                "abs" => (0.0, f64::INFINITY),
                "clamp_min" => number(1).map_or(all, |least| (inner().0.max(least), inner().1.max(least))),
                "clamp_max" => number(1).map_or(all, |most| (inner().0.min(most), inner().1.min(most))),
                "clamp" => match (number(1), number(2)) {
                    (Some(low), Some(high)) if low <= high => (low, high),
                    _ => all,
                },
                "rate" | "irate" | "increase" | "changes" | "resets" | "sqrt" => (0.0, f64::INFINITY),
                "count_over_time" => (1.0, f64::INFINITY),
                "absent" | "absent_over_time" | "present_over_time" => (1.0, 1.0),
                "sgn" => (-1.0, 1.0),
                "minute" => (0.0, 59.0),
                "hour" => (0.0, 23.0),
                "day_of_week" => (0.0, 6.0),
                "day_of_month" => (1.0, 31.0),
                "day_of_year" => (1.0, 366.0),
                "days_in_month" => (28.0, 31.0),
                "month" => (1.0, 12.0),
                _ => all,
            }
        }
        Expr::Binary(binary) => of_binary(binary),
        _ => all,
    }
}

fn of_binary(binary: &BinaryExpr) -> (f64, f64) {
    let ((a, b), (c, d)) = (of(&binary.lhs), of(&binary.rhs));
    let with_bool = binary.modifier.as_ref().is_some_and(|modifier| modifier.return_bool);
    let found = match binary.op.id() {
        token::T_ADD => (a + c, b + d),
        token::T_SUB => (a - d, b - c),
        token::T_MUL if a >= 0.0 && c >= 0.0 => (a * c, b * d),
        token::T_LOR => (a.min(c), b.max(d)),
        token::T_LAND | token::T_LUNLESS => (a, b),
        token::T_EQLC | token::T_NEQ | token::T_GTR | token::T_GTE | token::T_LSS | token::T_LTE
            if with_bool =>
        {
            (0.0, 1.0)
        }
        // What passes a comparison is the left side's value, or the right one's when a number is on the left.
        token::T_EQLC | token::T_NEQ | token::T_GTR | token::T_GTE | token::T_LSS | token::T_LTE
            if constant(&binary.lhs).is_none() =>
        {
            (a, b)
        }
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    };
    let known = |value: f64, other| if value.is_nan() { other } else { value };
    (known(found.0, f64::NEG_INFINITY), known(found.1, f64::INFINITY))
}

/// Whether a comparison is true for every value (true) or for none (false) that its sides may have. None for what is no
/// comparison, and where it hangs on the value.
pub(super) fn always(binary: &BinaryExpr) -> Option<bool> {
    let ((a, b), (c, d)) = (of(&binary.lhs), of(&binary.rhs));
    let (yes, no) = match binary.op.id() {
        token::T_GTR => (a > d, b <= c),
        token::T_GTE => (a >= d, b < c),
        token::T_LSS => (b < c, a >= d),
        token::T_LTE => (b <= c, a > d),
        token::T_EQLC => (a == b && c == d && a == c, b < c || a > d),
        token::T_NEQ => (b < c || a > d, a == b && c == d && a == c),
        _ => return None,
    };
    match (yes, no) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}
