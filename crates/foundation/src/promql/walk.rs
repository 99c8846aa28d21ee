//! The parts of an expression.

use promql_parser::parser::Expr;

/// Functions that turn a counter into traffic.
pub const RATES: [&str; 6] = ["rate", "irate", "increase", "delta", "idelta", "changes"];

/// Goes through all parts of an expression, the whole first.
pub fn walk<'a>(expression: &'a Expr, look: &mut impl FnMut(&'a Expr)) {
    look(expression);
    match expression {
        Expr::Aggregate(aggregate) => {
            walk(&aggregate.expr, look);
            if let Some(param) = &aggregate.param {
                walk(param, look);
            }
        }
        Expr::Unary(unary) => walk(&unary.expr, look),
        Expr::Binary(binary) => {
            walk(&binary.lhs, look);
            walk(&binary.rhs, look);
        }
        Expr::Paren(inside) => walk(&inside.expr, look),
        Expr::Subquery(sub) => walk(&sub.expr, look),
        Expr::Call(call) => call.args.args.iter().for_each(|arg| walk(arg, look)),
        _ => {}
    }
}
