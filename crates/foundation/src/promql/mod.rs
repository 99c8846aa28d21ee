//! PromQL expressions taken apart: operands, comparisons, the value and its threshold. Pure.

mod arithmetic;
pub mod comparisons;
mod dialect;
pub mod expression;
pub mod sampling;
pub mod split;
pub mod tokens;
pub mod walk;
