//! PromQL expressions taken apart: operands, comparisons, the value and its threshold. Pure.

pub mod expression;
pub mod split;
