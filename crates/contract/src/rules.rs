//! The rules of a stack: what is expected, what runs, and what is wrong with it.

use std::collections::BTreeMap;

use crate::{Figure, Timestamp, wire};

wire! {
    /// What a rule makes.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum RuleKind {
        /// Series.
        Recording,
        /// Alerts.
        Alerting,
    }
}

wire! {
    /// How a running rule stands to what is expected.
    #[derive(Copy, Eq, Hash)]
    pub enum RuleDeployment {
        /// Expected, and as the pack's file says.
        Present,
        /// Expected, and the pack's files could not be read: only its name was compared.
        NameOnly,
        /// Expected, and other than in the pack's file.
        Differs,
        /// Nobody expects it.
        Unexpected,
    }
}

wire! {
    /// Whether an alert stays silent when there is no traffic.
    #[derive(Copy, Eq, Hash)]
    pub enum GuardVerdict {
        /// There is a guard, and it can match.
        Guarded,
        /// There is a guard whose labels never pair with the condition's: the alert can never fire.
        NeverMatches,
        /// There is no guard.
        Unguarded,
        /// The guard looks at another window than the condition.
        OtherWindow,
        /// The labels can't be told from the expression; a look at the server can.
        Unclear,
    }
}

wire! {
    /// The guard of an alert.
    pub struct GuardReport {
        /// The verdict.
        pub verdict: GuardVerdict,
        /// Why, in one or two sentences.
        pub reason: String,
        /// The condition's expression.
        pub condition: String,
        /// The guard's expression; empty without one.
        pub guard: String,
        /// The whole expression with a guard that works; none when there is nothing to mend.
        pub rewrite: Option<String>,
        /// Whether promtool was seen to evaluate the rewrite as meant, with and without traffic.
        pub proven: bool,
    }
}

wire! {
    /// How bad a finding is.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum FindingSeverity {
        /// The rule does not do what it is for.
        Error,
        /// It may fail some day, or mislead.
        Warning,
        /// Worth knowing.
        Info,
    }
}

wire! {
    /// Something about a rule.
    pub struct RuleFinding {
        /// The check that found it, e.g. `guard`; `docs/checks/CHECK.md` is about it.
        pub check: String,
        /// How bad it is.
        pub severity: FindingSeverity,
        /// What is wrong.
        pub problem: String,
        /// Why that matters.
        pub why: String,
        /// What to do.
        pub remedy: String,
        /// A better expression, where there is one.
        pub rewrite: Option<String>,
        /// Whether promtool was seen to evaluate it as meant, with and without traffic.
        pub proven: bool,
    }
}

wire! {
    /// Names a rule of the server. Several may have one name: `index` is its place among them in its group.
    #[derive(Eq, Hash)]
    pub struct RuleRef {
        /// File, as the server names it.
        pub file: String,
        /// Group.
        pub group: String,
        /// Name of the alert or of the recorded series.
        pub name: String,
        /// Place in the group, from 0.
        pub index: u32,
    }
}

wire! {
    /// A rule.
    pub struct RuleView {
        /// Which.
        pub id: RuleRef,
        /// What it makes.
        pub kind: RuleKind,
        /// Expression, as it stands.
        pub expression: String,
        /// Expression, laid out over several lines; as it stands when it can't be parsed.
        pub pretty: String,
        /// `for` in seconds; 0 for recording rules.
        pub hold_s: f64,
        /// Labels that it adds.
        pub labels: BTreeMap<String, String>,
        /// Annotations, as templates.
        pub annotations: BTreeMap<String, String>,
        /// `ok`, `err`, `unknown`; empty for a rule of a file.
        pub health: String,
        /// Last error; empty when there is none.
        pub last_error: String,
        /// When it was last evaluated.
        pub last_evaluation: Option<Timestamp>,
        /// How long that took, in milliseconds.
        pub evaluation_ms: Option<f64>,
        /// Series recorded now, or alerts pending and firing; none when that is not known.
        pub series: Option<u32>,
        /// How it stands to what is expected; none for a rule of a file.
        pub standing: Option<RuleDeployment>,
        /// Where it differs from the pack's file, a line each: "for: 15m in the file, 10m on the server".
        pub differences: Vec<String>,
        /// Its guard; none for recording rules and expressions that can't be parsed.
        pub guard: Option<GuardReport>,
        /// What is wrong with it, worst first.
        pub findings: Vec<RuleFinding>,
        /// Checks that comments in its file switch off.
        pub disabled: Vec<String>,
        /// Series that it reads.
        pub inputs: Vec<String>,
        /// Rules that read it.
        pub used_by: Vec<String>,
        /// Line in its file, from 1; none when it is not known.
        pub line: Option<u32>,
    }
}

wire! {
    /// A group of rules.
    pub struct RuleGroupView {
        /// Name.
        pub name: String,
        /// File.
        pub file: String,
        /// Seconds between evaluations.
        pub interval_s: f64,
        /// How long the last evaluation took, in milliseconds.
        pub evaluation_ms: Option<f64>,
        /// When that was.
        pub last_evaluation: Option<Timestamp>,
        /// Rules, in order.
        pub rules: Vec<RuleView>,
    }
}

wire! {
    /// Something in a rule file that Prometheus rejects.
    pub struct RuleFileProblem {
        /// File.
        pub file: String,
        /// Line, from 1; none when it can't be told.
        pub line: Option<u32>,
        /// In a sentence.
        pub problem: String,
        /// An error, or only worth knowing: the file is another program's.
        pub severity: FindingSeverity,
    }
}

wire! {
    /// Rule files, judged.
    pub struct RulesLint {
        /// Groups, in order.
        pub groups: Vec<RuleGroupView>,
        /// What Prometheus rejects.
        pub problems: Vec<RuleFileProblem>,
        /// What was not checked, and why.
        pub gaps: Vec<String>,
    }
}

wire! {
    /// A rule that is expected and does not run.
    pub struct MissingRule {
        /// What it makes.
        pub kind: RuleKind,
        /// Name.
        pub name: String,
        /// The pack's file that has it; empty when none has.
        pub file: String,
    }
}

wire! {
    /// All rules.
    pub struct RulesReport {
        /// When they were read.
        pub at: Timestamp,
        /// Groups, in the server's order.
        pub groups: Vec<RuleGroupView>,
        /// Expected rules that do not run.
        pub missing: Vec<MissingRule>,
        /// Recording rules that are expected.
        pub expected_recording: u32,
        /// How many of them run.
        pub present_recording: u32,
        /// Alerts that are expected.
        pub expected_alerts: u32,
        /// How many of them run.
        pub present_alerts: u32,
        /// Findings that are errors.
        pub errors: u32,
        /// Findings that are warnings.
        pub warnings: u32,
        /// Files that were compared with.
        pub compared: Vec<String>,
        /// What could not be looked at, a sentence each.
        pub gaps: Vec<String>,
    }
}

wire! {
    /// One side of an alert's expression, evaluated now.
    pub struct ExpressionSide {
        /// What it is: "Condition", "Guard", "The whole".
        pub title: String,
        /// Expression.
        pub expression: String,
        /// Series that it gives; none when it failed.
        pub series: Option<u32>,
        /// At most ten of them: labels and value.
        pub samples: Vec<RuleSample>,
        /// Why it failed; empty when it did not.
        pub error: String,
    }
}

wire! {
    /// A series and its value.
    pub struct RuleSample {
        /// Labels.
        pub labels: BTreeMap<String, String>,
        /// Value; none for NaN and infinite ones.
        pub value: Option<f64>,
        /// Value as text: "NaN", "+Inf", "12.5".
        pub text: String,
    }
}

wire! {
    /// A comparison with a number in an alert's expression.
    pub struct RuleThreshold {
        /// Its text: `rate(errors[5m]) > 0.5`.
        pub text: String,
        /// The number.
        pub value: f64,
        /// Whether it only asks whether there is traffic.
        pub guard: bool,
    }
}

wire! {
    /// A rule, looked at on the server.
    pub struct RuleDetail {
        /// The rule.
        pub rule: RuleView,
        /// Its expression and the sides of its `and`, evaluated now.
        pub sides: Vec<ExpressionSide>,
        /// What the evaluated sides show about the guard, in a sentence; empty when they show nothing.
        pub live_verdict: String,
        /// Value and guard both return series now, and none of them match: the alert cannot fire.
        pub guard_never_matches: bool,
        /// Threshold that the alert compares with.
        pub threshold: Option<f64>,
        /// All comparisons with a number in its expression; several when somebody has to say which is meant.
        pub thresholds: Vec<RuleThreshold>,
        /// Hours of the figure.
        pub hours: f64,
        /// The value over time, at most 12 series; none when it could not be read.
        pub figure: Option<Figure>,
        /// Why there is no figure, or which series it leaves out.
        pub figure_note: String,
    }
}

wire! {
    /// Asks for a rule.
    pub struct RuleDetailRequest {
        /// Which.
        pub id: RuleRef,
        /// Hours back, 1 to 720.
        pub hours: f64,
        /// How the figure is drawn.
        pub style: crate::FigureStyle,
    }
}

wire! {
    /// What came of a look at a link.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum RuleLinkState {
        /// There is no such page.
        Dead,
        /// No answer, or one of a server in trouble.
        Unreachable,
        /// It wants a login: whether there is a page can't be told.
        Closed,
        /// It was not asked: its server is on a private network, and none of the profile's.
        NotAsked,
        /// There is a page.
        Alive,
    }
}

wire! {
    /// A runbook link.
    pub struct RuleLink {
        /// Address.
        pub url: String,
        /// What came.
        pub state: RuleLinkState,
        /// In a sentence.
        pub words: String,
        /// Alerts that have it.
        pub rules: Vec<String>,
        /// When it was asked.
        pub at: Timestamp,
    }
}

wire! {
    /// The runbook links of a server's alerts, worst first.
    pub struct RuleLinks {
        /// They, at most 200.
        pub links: Vec<RuleLink>,
        /// Links beyond those.
        pub left_out: u32,
    }
}

wire! {
    /// Asks the links.
    pub struct RuleLinksRequest {
        /// Also those that were asked within the hour.
        #[serde(default)]
        pub again: bool,
    }
}
