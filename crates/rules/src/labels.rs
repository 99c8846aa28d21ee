//! Which labels the series of an expression carry, as far as its text tells. Pure.
//!
//! What can't be known stays open: a metric that is scraped carries `job` and `instance` and may carry anything else; a
//! recorded series carries what its rule gives it, and nothing is said of one whose rule is not at hand.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use promql_parser::{
    label::{MatchOp, Matcher},
    parser::{Expr, LabelModifier, VectorMatchCardinality, VectorSelector, token},
};

/// Labels of a vector's series.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSet {
    /// Every series has these.
    pub must: BTreeSet<String>,
    /// No series has others; none: anything is possible.
    pub may: Option<BTreeSet<String>>,
    /// No series has these.
    pub without: BTreeSet<String>,
}

/// What is known of a recorded series from its rules.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recorded {
    /// Its labels.
    pub labels: LabelSet,
    /// Windows that it looks at, in the series that it reads too.
    pub windows: BTreeSet<Duration>,
    /// The series that it counts, each with the windows that it looks at.
    pub counters: BTreeMap<String, BTreeSet<Duration>>,
    /// The rules that record it.
    pub rules: Vec<Origin>,
    /// Whether its value may be NaN without traffic.
    pub nan: bool,
}

/// A rule that records a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Labels whose value is the same in every series that it records.
    pub fixed: BTreeMap<String, String>,
    /// What it divides by.
    pub divides: Divides,
    /// Its expression.
    pub expr: Expr,
}

/// Whether an expression divides by traffic, and so is nothing or NaN without any.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Divides {
    /// It does not.
    #[default]
    No,
    /// It does, and leaves out what has none: the denominator, as it is written.
    Guarded(String),
    /// It does, and nothing tells whether there is any.
    By(Divisor),
    /// It does, in a way that no guard can be made for.
    Unclear,
}

/// What counts the traffic of a ratio: its whole denominator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divisor {
    /// Its expression.
    pub text: String,
    /// How its series pair with those of the ratio: `on` (true) or `ignoring` (false) and their labels; none: on all.
    pub matching: Option<(bool, Vec<String>)>,
}

/// Recorded series by name.
pub type Known = BTreeMap<String, Recorded>;

impl LabelSet {
    /// Exactly these.
    pub fn exactly<I: IntoIterator<Item = S>, S: Into<String>>(labels: I) -> Self {
        let must: BTreeSet<String> = labels.into_iter().map(Into::into).collect();
        Self { may: Some(must.clone()), must, without: BTreeSet::new() }
    }

    /// Whether a series may have this label.
    pub fn can(&self, label: &str) -> bool {
        !self.without.contains(label) && self.may.as_ref().is_none_or(|may| may.contains(label))
    }

    /// As `on (…)` or `by (…)` leaves it. A label that is named is meant to be there.
    #[must_use]
    pub fn only(&self, labels: &BTreeSet<String>) -> Self {
        Self::exactly(labels.iter().filter(|label| self.can(label)).cloned())
    }

    /// As a matching by `on (…)` sees it: what is not sure stays unsure.
    #[must_use]
    pub fn seen_on(&self, labels: &BTreeSet<String>) -> Self {
        let may = labels.iter().filter(|label| self.can(label)).cloned().collect();
        Self {
            must: self.must.intersection(labels).cloned().collect(),
            may: Some(may),
            without: BTreeSet::new(),
        }
    }

    /// As `ignoring (…)` or `without (…)` leaves it.
    #[must_use]
    pub fn dropping<'a>(&self, labels: impl IntoIterator<Item = &'a String>) -> Self {
        let mut left = self.clone();
        for label in labels {
            left.must.remove(label);
            if let Some(may) = &mut left.may {
                may.remove(label);
            }
            left.without.insert(label.clone());
        }
        left
    }

    /// With a label that every series gets.
    #[must_use]
    pub fn with(mut self, label: &str) -> Self {
        self.without.remove(label);
        if let Some(may) = &mut self.may {
            may.insert(label.to_owned());
        }
        self.must.insert(label.to_owned());
        self
    }

    /// As `or` leaves it: a series of either.
    #[must_use]
    pub fn either(&self, other: &Self) -> Self {
        let may = match (&self.may, &other.may) {
            (Some(a), Some(b)) => Some(a.union(b).cloned().collect()),
            _ => None,
        };
        Self {
            must: self.must.intersection(&other.must).cloned().collect(),
            may,
            without: self.without.intersection(&other.without).cloned().collect(),
        }
    }

    /// The label that keeps every series of one side from pairing with any of the other, and whether it is the left
    /// side that has it.
    pub fn apart(&self, other: &Self) -> Option<(String, bool)> {
        let lone = |a: &Self, b: &Self| a.must.iter().find(|label| !b.can(label)).cloned();
        lone(self, other).map(|label| (label, true)).or_else(|| lone(other, self).map(|label| (label, false)))
    }
}

/// The labels of an expression's series. A scalar has none.
pub fn of(expression: &Expr, known: &Known) -> LabelSet {
    let none = || LabelSet::exactly::<[&str; 0], &str>([]);
    match expression {
        Expr::Paren(inside) => of(&inside.expr, known),
        Expr::Unary(unary) => of(&unary.expr, known),
        Expr::Subquery(sub) => of(&sub.expr, known),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => none(),
        Expr::VectorSelector(selector) => of_selector(selector, known),
        Expr::MatrixSelector(matrix) => of_selector(&matrix.vs, known),
        Expr::Aggregate(aggregate) => {
            let inner = of(&aggregate.expr, known);
            let keeps = [token::T_TOPK, token::T_BOTTOMK, token::T_LIMITK, token::T_LIMIT_RATIO];
            if keeps.contains(&aggregate.op.id()) {
                return inner;
            }
            let left = match &aggregate.modifier {
                None => none(),
                Some(LabelModifier::Include(labels)) => inner.only(&set(&labels.labels)),
                Some(LabelModifier::Exclude(labels)) => inner.dropping(&set(&labels.labels)),
            };
            match (aggregate.op.id(), aggregate.param.as_deref()) {
                (token::T_COUNT_VALUES, Some(Expr::StringLiteral(name))) => left.with(&name.val),
                _ => left,
            }
        }
        Expr::Call(call) => {
            let args = &call.args.args;
            let text = |index: usize| match args.get(index).map(AsRef::as_ref) {
                Some(Expr::StringLiteral(text)) => Some(text.val.as_str()),
                _ => None,
            };
            let inner = args.iter().find(|arg| !is_plain(arg)).map_or_else(none, |arg| of(arg, known));
            match call.func.name {
                "vector" | "scalar" | "time" | "pi" => none(),
                "absent" | "absent_over_time" => match args.first().map(AsRef::as_ref) {
                    Some(Expr::VectorSelector(selector)) => equal_labels(selector),
                    Some(Expr::MatrixSelector(matrix)) => equal_labels(&matrix.vs),
                    _ => none(),
                },
                "histogram_quantile" => inner.dropping(&set(["le"])),
                "label_replace" | "label_join" => match text(1) {
                    Some(target) if inner.must.contains(target) => inner,
                    Some(target) => {
                        let mut left = inner;
                        left.without.remove(target);
                        if let Some(may) = &mut left.may {
                            may.insert(target.to_owned());
                        }
                        left
                    }
                    None => LabelSet::default(),
                },
                _ => inner,
            }
        }
        Expr::Binary(binary) => {
            if is_plain(&binary.lhs) {
                return of(&binary.rhs, known);
            }
            let left = of(&binary.lhs, known);
            if is_plain(&binary.rhs) {
                return left;
            }
            match binary.op.id() {
                token::T_LAND | token::T_LUNLESS => return left,
                token::T_LOR => return left.either(&of(&binary.rhs, known)),
                _ => {}
            }
            let Some(modifier) = &binary.modifier else { return left };
            match (&modifier.card, &modifier.matching) {
                (VectorMatchCardinality::ManyToOne(extra), _) => {
                    extra.labels.iter().fold(left, |left, label| left.with(label))
                }
                (VectorMatchCardinality::OneToMany(extra), _) => {
                    extra.labels.iter().fold(of(&binary.rhs, known), |right, label| right.with(label))
                }
                (_, Some(LabelModifier::Include(labels))) => left.only(&set(&labels.labels)),
                (_, Some(LabelModifier::Exclude(labels))) => left.dropping(&set(&labels.labels)),
                _ => left,
            }
        }
    }
}

/// Whether an expression is a number or a text, and no vector.
pub fn is_plain(expression: &Expr) -> bool {
    match expression {
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) => true,
        Expr::Paren(inside) => is_plain(&inside.expr),
        Expr::Unary(unary) => is_plain(&unary.expr),
        Expr::Call(call) => matches!(call.func.name, "scalar" | "time" | "pi"),
        Expr::Binary(binary) => is_plain(&binary.lhs) && is_plain(&binary.rhs),
        _ => false,
    }
}

fn of_selector(selector: &VectorSelector, known: &Known) -> LabelSet {
    let name = name_of(selector).unwrap_or_default();
    let mut labels = match known.get(&name) {
        Some(recorded) => recorded.labels.clone(),
        None if name == "ALERTS" || name == "ALERTS_FOR_STATE" => LabelSet::default().with("alertname"),
        // Whose rule is not at hand, or which metric is meant, can't be told.
        None if name.contains(':') || name.is_empty() => LabelSet::default(),
        None => LabelSet::default().with("job").with("instance"),
    };
    for matcher in matchers(selector).filter(|matcher| matcher.name != "__name__") {
        if matches_empty(matcher) {
            if matcher.op == MatchOp::Equal {
                labels = labels.dropping([&matcher.name]);
            }
        } else if labels.may.as_ref().is_none_or(|may| may.contains(&matcher.name)) {
            labels = labels.with(&matcher.name);
        }
    }
    labels
}

fn equal_labels(selector: &VectorSelector) -> LabelSet {
    let equal = matchers(selector)
        .filter(|matcher| matcher.op == MatchOp::Equal && matcher.name != "__name__")
        .filter(|matcher| !matcher.value.is_empty());
    LabelSet::exactly(equal.map(|matcher| matcher.name.clone()))
}

fn matches_empty(matcher: &Matcher) -> bool {
    match &matcher.op {
        MatchOp::Equal => matcher.value.is_empty(),
        MatchOp::NotEqual => !matcher.value.is_empty(),
        MatchOp::Re(regex) => regex.is_match(""),
        MatchOp::NotRe(regex) => !regex.is_match(""),
    }
}

/// The matchers of a selector. Alternatives (`or` between matchers, an extension of another server) say nothing.
pub fn matchers(selector: &VectorSelector) -> impl Iterator<Item = &Matcher> {
    selector.matchers.matchers.iter().filter(|_| selector.matchers.or_matchers.is_empty())
}

/// The name of a selector's metric, when it is one name.
pub fn name_of(selector: &VectorSelector) -> Option<String> {
    let by_matcher = || {
        let named = matchers(selector).find(|matcher| matcher.name == "__name__");
        named.filter(|matcher| matcher.op == MatchOp::Equal).map(|matcher| matcher.value.clone())
    };
    selector.name.clone().or_else(by_matcher).filter(|name| !name.is_empty())
}

/// A set of names.
pub fn set<I: IntoIterator<Item = S>, S: ToString>(labels: I) -> BTreeSet<String> {
    labels.into_iter().map(|label| label.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> (String, String) {
        let mut known = Known::new();
        let ratio = Recorded { labels: LabelSet::exactly(["tenant_id"]), ..Recorded::default() };
        known.insert("r:m".into(), ratio);
        let found = of(&promql_parser::parser::parse(text).unwrap(), &known);
        let list = |set: &BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(",");
        (list(&found.must), found.may.as_ref().map_or("*".to_owned(), list))
    }

    #[test]
    fn labels_follow_from_the_expression() {
        for (text, must, may) in [
            ("sum(x)", "", ""),
            ("sum by (a) (rate(x[5m])) > 3", "a", "a"),
            ("x", "instance,job", "*"),
            ("sum without (instance) (x)", "job", "*"),
            ("r:m < 30", "tenant_id", "tenant_id"),
            ("r:m{tenant_id=~\"a|b\"}", "tenant_id", "tenant_id"),
            ("other:m", "", "*"),
            ("other:m{a!=\"\"}", "a", "*"),
            ("topk(3, r:m)", "tenant_id", "tenant_id"),
            ("r:m * on (tenant_id) group_left (team) owners", "team,tenant_id", "team,tenant_id"),
            ("100 * r:m / r:m", "tenant_id", "tenant_id"),
            ("r:m or vector(0)", "", "tenant_id"),
            ("absent(up{job=\"x\"})", "job", "job"),
            ("sum by (a) (r:m)", "", ""),
            ("label_replace(r:m, \"b\", \"$1\", \"tenant_id\", \"(.*)\")", "tenant_id", "b,tenant_id"),
            ("histogram_quantile(0.9, sum by (le, a) (rate(x[5m])))", "a", "a"),
        ] {
            assert_eq!(labels(text), (must.to_owned(), may.to_owned()), "{text}");
        }
    }
}
