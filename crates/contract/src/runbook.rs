//! Runbooks: the pages, what their steps ask of Prometheus, and the runs of them that were.

use std::collections::BTreeMap;

use crate::{AlertFingerprint, AlertRow, FigureStyle, GaugeFigure, Severity, Timestamp, wire};

wire! {
    /// Where a page comes from.
    #[derive(Copy, Eq, Hash)]
    pub enum RunbookSource {
        /// A runbook that comes with the panel.
        Bundled,
        /// A runbook of the profile's folder.
        Own,
        /// Another document that comes with the panel: for reading, without an alert.
        Document,
    }
}

wire! {
    /// A page in brief.
    pub struct RunbookOutline {
        /// Id: the page's name, behind `own/` for one of the profile's folder.
        pub id: String,
        /// Its first heading.
        pub title: String,
        /// What to do first; may be empty.
        pub first: String,
        /// Where it comes from.
        pub source: RunbookSource,
        /// Steps of its diagnosis.
        pub steps: u32,
        /// What is wrong with its form, a sentence each; a page stays readable.
        pub problems: Vec<String>,
    }
}

wire! {
    /// A file of the profile's folder that is no page.
    pub struct InvalidRunbook {
        /// Its name.
        pub file: String,
        /// Why, and what to do.
        pub reason: String,
    }
}

wire! {
    /// Every page.
    pub struct RunbookList {
        /// The pages: own ones first, then bundled ones, then documents.
        pub pages: Vec<RunbookOutline>,
        /// Files of the profile's folder that were refused.
        pub refused: Vec<InvalidRunbook>,
        /// The profile's folder of own runbooks; empty without one.
        pub folder: String,
        /// Why that folder could not be read; empty when it could.
        pub folder_problem: String,
    }
}

wire! {
    /// Asks for a page, or for the page of an alert.
    #[derive(Default)]
    pub struct RunbookOpenRequest {
        /// Page id or name; none: the page that fits the alert.
        #[serde(default)]
        pub id: Option<String>,
        /// The alert it is about.
        #[serde(default)]
        pub fingerprint: Option<AlertFingerprint>,
        /// Labels to fill in when there is no such alert.
        #[serde(default)]
        pub labels: BTreeMap<String, String>,
    }
}

wire! {
    /// How a page was found for an alert.
    #[derive(Copy, Eq)]
    pub enum RunbookMatch {
        /// It was asked for.
        Asked,
        /// An own runbook has the alert's name.
        Own,
        /// A bundled runbook has the alert's name.
        Bundled,
        /// The alert's `runbook_url` names it.
        Annotation,
        /// There is none: this is the page that fits any.
        Generic,
    }
}

wire! {
    /// A part of a page.
    pub struct RunbookSection {
        /// Heading.
        pub title: String,
        /// Markdown below it. Somebody else may have written it: it is shown as text, never as HTML.
        pub markdown: String,
    }
}

wire! {
    /// A step of the diagnosis.
    pub struct RunbookStep {
        /// From 1.
        pub number: u32,
        /// The question.
        pub title: String,
        /// PromQL with the labels filled in; as it stands in the page when that was not possible.
        pub query: String,
        /// The condition that is expected, e.g. `< 30`; empty when the page has none.
        pub expect: String,
        /// What to do when it does not hold, as Markdown.
        pub if_red: String,
        /// Why it can't be asked, in a sentence; empty when it can.
        pub problem: String,
    }
}

wire! {
    /// What the panel can do of a mitigation. Each opens a screen or a dialog that shows first what it would do.
    #[derive(Copy, Eq, Hash)]
    pub enum RunbookActionKind {
        /// The dialog of a maintenance window, for what its matchers match.
        Silence,
        /// The dialog of a maintenance window for everything.
        Maintenance,
        /// Backups.
        Backups,
        /// Rules.
        Rules,
        /// Checks.
        Checks,
        /// Alerts.
        Alerts,
        /// Overview.
        Overview,
    }
}

wire! {
    /// A button of a mitigation.
    pub struct RunbookAction {
        /// What it opens.
        pub kind: RunbookActionKind,
        /// Matchers, as in Alertmanager; empty without any.
        pub matchers: String,
    }
}

wire! {
    /// A page, filled in for an alert.
    pub struct RunbookView {
        /// Page id.
        pub id: String,
        /// Its first heading.
        pub title: String,
        /// Where it comes from.
        pub source: RunbookSource,
        /// What to do first, as Markdown; may be empty.
        pub first: String,
        /// Its sections but the steps, in order. The steps stand below the one that is called `Diagnosis`.
        pub sections: Vec<RunbookSection>,
        /// The steps.
        pub steps: Vec<RunbookStep>,
        /// What the panel can do of the mitigation.
        pub actions: Vec<RunbookAction>,
        /// What is wrong with its form.
        pub problems: Vec<String>,
        /// The alert, if it still is in the list.
        pub alert: Option<AlertRow>,
        /// The labels that were filled in.
        pub labels: BTreeMap<String, String>,
        /// How it was found.
        pub found: RunbookMatch,
        /// A page elsewhere that the alert's `runbook_url` names; http or https only.
        pub link: Option<String>,
        /// Why the alert's `runbook_url` was not followed; empty when it was, or there is none.
        pub link_problem: String,
        /// For an alert without a runbook: a page to begin with, as Markdown; else empty.
        pub template: String,
        /// Where that page belongs: a file of the profile's folder, or what to set first.
        pub template_place: String,
    }
}

wire! {
    /// Searches all pages.
    pub struct RunbookSearchRequest {
        /// Words; each has to be in the section or in the page's title.
        pub text: String,
    }
}

wire! {
    /// A section that has all the words.
    pub struct RunbookHit {
        /// Page id.
        pub id: String,
        /// Page title.
        pub title: String,
        /// Where it comes from.
        pub source: RunbookSource,
        /// The section; empty: the begin of the page.
        pub section: String,
        /// The line that has most of the words.
        pub line: String,
    }
}

wire! {
    /// What was found, the best first; at most 100.
    pub struct RunbookHits {
        /// The sections.
        pub hits: Vec<RunbookHit>,
        /// Sections that fit in all.
        pub total: u32,
    }
}

wire! {
    /// Begins a run of a page. One that is open for the same page and episode of an alert is taken up again.
    #[derive(Default)]
    pub struct RunbookStartRequest {
        /// Page id or name; none: the page that fits the alert.
        #[serde(default)]
        pub id: Option<String>,
        /// The alert it is about.
        #[serde(default)]
        pub fingerprint: Option<AlertFingerprint>,
        /// Labels to fill in when there is no such alert.
        #[serde(default)]
        pub labels: BTreeMap<String, String>,
        /// Who; empty: the OS user.
        #[serde(default)]
        pub created_by: String,
    }
}

wire! {
    /// How a step came out.
    #[derive(Copy, Eq, Hash)]
    pub enum RunbookVerdict {
        /// Not asked yet.
        Waiting,
        /// The expected condition holds.
        Pass,
        /// It does not.
        Fail,
        /// There is no value to judge.
        Unknown,
    }
}

wire! {
    /// A step as it was answered.
    pub struct RunbookStepResult {
        /// The step's number.
        pub number: u32,
        /// The question.
        pub title: String,
        /// What was asked.
        pub query: String,
        /// What is expected.
        pub expect: String,
        /// How it came out.
        pub verdict: RunbookVerdict,
        /// The number.
        pub value: Option<f64>,
        /// In a sentence, why it is unknown; empty when there is a verdict.
        pub reason: String,
        /// Why it can't be asked at all; empty when it can.
        pub problem: String,
        /// When it was answered.
        pub at: Option<Timestamp>,
        /// How long it took, in milliseconds.
        pub took_ms: Option<f64>,
        /// Its last hours; not kept with the run.
        pub figure: Option<GaugeFigure>,
    }
}

wire! {
    /// The alert that a run is about, as it was.
    pub struct RunbookAlert {
        /// Identity.
        pub fingerprint: AlertFingerprint,
        /// Name.
        pub name: String,
        /// Severity.
        pub severity: Severity,
        /// When it began.
        pub since: Timestamp,
    }
}

wire! {
    /// A run of a page.
    pub struct RunbookRun {
        /// Id.
        pub id: String,
        /// Stack.
        pub stack: String,
        /// Page id.
        pub page: String,
        /// Page title.
        pub title: String,
        /// The alert it is about.
        pub alert: Option<RunbookAlert>,
        /// The labels that were filled in.
        pub labels: BTreeMap<String, String>,
        /// Who.
        pub created_by: String,
        /// When it began.
        pub started_at: Timestamp,
        /// When it was closed; none while it is open.
        pub ended_at: Option<Timestamp>,
        /// What was found and done, in words.
        pub notes: String,
        /// The drill that it was part of; none: it was no drill.
        #[serde(default)]
        pub drill: Option<String>,
        /// The steps as they were answered last.
        pub steps: Vec<RunbookStepResult>,
    }
}

wire! {
    /// Asks a step of a run.
    pub struct RunbookStepRequest {
        /// Run id.
        pub run: String,
        /// Step number.
        pub number: u32,
        /// How far back its figure goes, in hours (0.25 to 168).
        pub hours: f64,
        /// Size and colours of the figure; none: no figure.
        #[serde(default)]
        pub style: Option<FigureStyle>,
    }
}

wire! {
    /// Names a run.
    pub struct RunbookRunRequest {
        /// Run id.
        pub run: String,
    }
}

wire! {
    /// Keeps the notes of a run, and closes it if asked to.
    pub struct RunbookNoteRequest {
        /// Run id.
        pub run: String,
        /// The notes, whole; at most 20,000 characters.
        pub notes: String,
        /// Whether the run is over.
        #[serde(default)]
        pub close: bool,
    }
}

wire! {
    /// Runs of the stack, newest first.
    pub struct RunbookRuns {
        /// The runs.
        pub runs: Vec<RunbookRun>,
    }
}

wire! {
    /// A post-mortem draft that was written.
    pub struct RunbookExported {
        /// Its folder.
        pub folder: String,
        /// The files in it.
        pub files: Vec<String>,
        /// What is not in it, and why.
        pub problems: Vec<String>,
    }
}
