//! Changes of rules in the pack's files: what is asked for, the plan, and what became of it.

use crate::{PanelError, wire};

wire! {
    /// What changes of a rule.
    #[serde(tag = "kind")]
    pub enum RuleSet {
        /// The expression.
        Expr {
            /// PromQL.
            value: String,
        },
        /// The number that a comparison has.
        Threshold {
            /// The number.
            value: f64,
            /// The comparison, by its text or a part of it that no other has; needed where several could be meant.
            #[serde(default)]
            of: Option<String>,
        },
        /// How long it has to hold.
        For {
            /// A duration such as `10m`.
            value: String,
        },
        /// A label.
        Label {
            /// Name.
            name: String,
            /// Value; none takes it away.
            value: Option<String>,
        },
        /// An annotation.
        Annotation {
            /// Name.
            name: String,
            /// Value; none takes it away.
            value: Option<String>,
        },
    }
}

wire! {
    /// A change of one rule.
    pub struct RuleEdit {
        /// Group; empty: whichever has the rule.
        #[serde(default)]
        pub group: String,
        /// Name of the alert or the recorded series.
        pub name: String,
        /// What changes.
        pub set: RuleSet,
    }
}

wire! {
    /// Where a text stands that repeats a value of a rule.
    #[derive(Eq)]
    #[serde(tag = "kind")]
    pub enum RelatedPlace {
        /// An annotation of the rule.
        Annotation {
            /// Group of the rule.
            group: String,
            /// Name of the rule.
            rule: String,
            /// Name of the annotation.
            name: String,
        },
        /// A line of a runbook.
        Runbook {
            /// Name of the page.
            page: String,
            /// Its file.
            file: String,
            /// Line, from 1.
            line: u32,
        },
    }
}

wire! {
    /// A text that repeats the old value of a rule that changes.
    #[derive(Eq)]
    pub struct RelatedText {
        /// Where it stands.
        pub place: RelatedPlace,
        /// The text: a whole annotation, or a line of a runbook.
        pub before: String,
        /// The text with the new value.
        pub after: String,
    }
}

wire! {
    /// Changes of rules in the pack's files.
    pub struct RulesChange {
        /// Changes, made one after the other.
        pub edits: Vec<RuleEdit>,
        /// The new list of VIP tenants, put wherever a selector names exactly the profile's; none: it stays.
        #[serde(default)]
        pub vip_tenants: Option<Vec<String>>,
        /// Texts of [`RulesPlan::related`] that change with it.
        #[serde(default)]
        pub related: Vec<RelatedText>,
    }
}

wire! {
    /// A file that would change.
    pub struct RulesFileChange {
        /// Its name in the pack.
        pub name: String,
        /// Where it lies.
        pub path: String,
        /// What changes, as a unified diff.
        pub diff: String,
        /// Who looked at it: "promtool", "the panel".
        pub checked_by: String,
        /// Why it would be refused; empty: nothing speaks against it.
        pub problem: String,
        /// Findings that the change brings, a sentence each.
        pub findings: Vec<String>,
    }
}

wire! {
    /// What changing rules would do.
    pub struct RulesPlan {
        /// Files that would change.
        pub files: Vec<RulesFileChange>,
        /// Worth knowing.
        pub notes: Vec<String>,
        /// Texts that repeat an old value, whether or not the change includes them.
        pub related: Vec<RelatedText>,
        /// Why the plan can't be carried out although its files are valid: the server reads other files.
        pub refused: Option<PanelError>,
        /// Sent back with the order: a plan that is not this one any more is not carried out.
        pub digest: String,
    }
}

wire! {
    /// Carries a plan out.
    pub struct RulesApplyRequest {
        /// The changes.
        pub change: RulesChange,
        /// The digest of the plan that was shown.
        pub digest: String,
        /// Why. Required.
        pub reason: String,
        /// Who. Empty: the OS user.
        #[serde(default)]
        pub created_by: String,
    }
}

wire! {
    /// A step of it.
    pub struct RulesStep {
        /// What was done: "Copy of the files", "Written and reloaded".
        pub title: String,
        /// Whether it was done.
        pub done: bool,
        /// What came of it.
        pub note: String,
    }
}

wire! {
    /// What became of changed rules.
    pub struct RulesApplied {
        /// Whether the server was seen to run them.
        pub in_force: bool,
        /// Steps, in order.
        pub steps: Vec<RulesStep>,
        /// The backup with the files of before; none when nothing was written.
        pub backup: Option<crate::BackupId>,
    }
}
