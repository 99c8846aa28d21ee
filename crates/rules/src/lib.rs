//! Rules: reading them, holding them against what is expected, judging their guards, and telling what else is wrong.
//!
//! All of it is pure but [`list`] and [`look`], which ask the server and read the pack's files.

pub mod change;
pub mod compare;
pub mod configs;
pub mod divisor;
pub mod edit;
pub mod file;
pub mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod guard;
pub mod inspect;
pub mod labels;
pub mod links;
pub mod lint;
pub mod list;
pub mod nan;
pub mod promtool;
pub mod prove;
pub mod recordings;
pub mod series_metadata;
pub mod server_rules;

use std::sync::Arc;

use aether_context::Context;

use links::Links;

/// Rules of the selected stack, and the changes made to them.
pub struct Rules {
    ctx: Arc<Context>,
    links: Links,
}

impl Rules {
    /// Nothing is read yet.
    pub fn new(ctx: Arc<Context>) -> Arc<Self> {
        Arc::new(Self { ctx, links: Links::default() })
    }
}
