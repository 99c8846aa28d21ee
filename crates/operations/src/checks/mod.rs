//! Checks of a whole stack. A suite runs its checks side by side, shows each as it ends, can be cancelled, and
//! is kept in the journal. What could not be looked at is failed or skipped with its reason, never passed.

mod custom;
mod delivery;
mod files;
mod grafana;
mod notify;
mod post_deploy;
mod rules;
mod run;
mod sanity;
mod servers;
mod service;
mod text;

use crate::pins::Pins;
use aether_alerting::maintenance::Maintenance;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicBool},
};

use aether_contract::{
    CheckOutline, CheckRun, CheckState, CheckSuite, ChecksSummary, PanelError, RulesReport,
};
use tokio::sync::OnceCell;

use aether_backup::Backups;
use aether_context::{Context, session::StackSession};
use aether_rules::Rules;

pub use run::{cancel, command, every, runs};
pub use text::export;

/// What checks of a run share.
pub struct CheckContext {
    /// Panel.
    pub checks: Arc<Checks>,
    /// Stack.
    pub live: Arc<StackSession>,
    /// Whether something may be changed.
    pub effects: bool,
    /// Who.
    pub created_by: String,
    rules: OnceCell<Result<RulesReport, PanelError>>,
}

impl CheckContext {
    /// The rules, read once a run.
    ///
    /// # Errors
    /// Prometheus' codes.
    pub async fn rules(&self) -> Result<&RulesReport, PanelError> {
        let read = || aether_rules::list::report(&self.checks.rules, &self.live);
        self.rules.get_or_init(|| Box::pin(read())).await.as_ref().map_err(Clone::clone)
    }
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckOutcome {
    /// State.
    pub state: CheckState,
    /// In a sentence.
    pub reason: String,
    /// What was asked and what came.
    pub evidence: Vec<String>,
    /// What to do.
    pub remedy: String,
}

impl CheckOutcome {
    /// Passed.
    pub fn pass(reason: impl Into<String>, evidence: Vec<String>) -> Self {
        Self { state: CheckState::Pass, reason: reason.into(), evidence, remedy: String::new() }
    }

    /// Deserves a look.
    pub fn warn(reason: impl Into<String>, evidence: Vec<String>, remedy: impl Into<String>) -> Self {
        Self { state: CheckState::Warn, reason: reason.into(), evidence, remedy: remedy.into() }
    }

    /// Failed.
    pub fn fail(reason: impl Into<String>, evidence: Vec<String>, remedy: impl Into<String>) -> Self {
        Self { state: CheckState::Fail, reason: reason.into(), evidence, remedy: remedy.into() }
    }

    /// Left out.
    pub fn skipped(reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            state: CheckState::Skipped,
            reason: reason.into(),
            evidence: Vec::new(),
            remedy: remedy.into(),
        }
    }
}

impl From<PanelError> for CheckOutcome {
    fn from(error: PanelError) -> Self {
        let evidence = Some(error.detail).filter(|detail| !detail.is_empty()).into_iter().collect();
        Self::fail(error.message, evidence, error.hint)
    }
}

/// The checks that there are.
#[derive(Debug, Clone, PartialEq)]
pub enum Check {
    /// The servers answer, in the pinned versions.
    Versions,
    /// The expected recording rules run.
    RecordingRules,
    /// The expected alerts run, each with a guard that works.
    Alerts,
    /// Grafana is well and has the dashboard with its panels.
    Dashboard,
    /// Grafana's data source reaches Prometheus.
    DataSource,
    /// The service is scraped and has its key metrics.
    Service,
    /// The recording rules give values.
    Recorded,
    /// The pack's files would be taken.
    Files,
    /// Both servers read their files again.
    Reload,
    /// A test alert travels through.
    Notifications,
    /// Traffic in, metrics out, recorded series in time.
    Smoke,
    /// What changed version, and whether it was meant to.
    Changed,
    /// No alert that did not fire before.
    NewAlerts,
    /// Targets are up.
    Targets,
    /// Gauges against before.
    Gauges,
    /// A test backup.
    Backup,
    /// A silence of a minute.
    Silence,
    /// One of the profile.
    Own(Box<aether_foundation::stack::CustomCheck>),
}

impl Check {
    /// Its id and its title.
    pub fn names(&self) -> (String, String) {
        let (id, title) = match self {
            Self::Versions => ("versions", "Servers are up, in pinned versions"),
            Self::RecordingRules => ("recording-rules", "Recording rules"),
            Self::Alerts => ("alerts", "Alert guards"),
            Self::Dashboard => ("dashboard", "Grafana and its dashboard"),
            Self::DataSource => ("data-source", "Grafana data source and dashboard"),
            Self::Service => ("service", "Service metrics"),
            Self::Recorded => ("recorded", "Recorded values"),
            Self::Files => ("files", "Configuration syntax"),
            Self::Reload => ("reload", "Server reload"),
            Self::Notifications => ("notifications", "Notification delivery (test alert)"),
            Self::Smoke => ("smoke", "Live traffic"),
            Self::Changed => ("changed", "Version changes"),
            Self::NewAlerts => ("new-alerts", "New alerts"),
            Self::Targets => ("targets", "Scrape targets"),
            Self::Gauges => ("gauges", "Gauge regressions"),
            Self::Backup => ("test-backup", "Test backup"),
            Self::Silence => ("test-silence", "Test silence"),
            Self::Own(own) => return (format!("own-{}", own.id), own.title.clone()),
        };
        (id.to_owned(), title.to_owned())
    }

    /// Whether it changes something on a server.
    pub fn has_effect(&self) -> bool {
        matches!(self, Self::Reload | Self::Notifications | Self::Backup | Self::Silence)
    }

    /// Makes it.
    pub async fn make(&self, scene: &Arc<CheckContext>) -> CheckOutcome {
        if self.has_effect() && !scene.effects {
            return CheckOutcome::skipped(
                "This check has side effects, which were not allowed.",
                "Run again with side effects allowed (--with-effects).",
            );
        }
        let came = match self {
            Self::Versions => servers::versions(scene).await,
            Self::RecordingRules => rules::recording(scene).await,
            Self::Alerts => rules::alerts(scene).await,
            Self::Recorded => rules::recorded(scene).await,
            Self::Dashboard => grafana::dashboard(scene, false).await,
            Self::DataSource => grafana::dashboard(scene, true).await,
            Self::Service => service::metrics(scene).await,
            Self::Smoke => service::smoke(scene).await,
            Self::Files => files::syntax(scene).await,
            Self::Reload => files::reload(scene).await,
            Self::Notifications => notify::wiring(scene).await,
            Self::Changed => post_deploy::changed(scene).await,
            Self::NewAlerts => post_deploy::alerts(scene).await,
            Self::Targets => servers::targets(scene).await,
            Self::Gauges => post_deploy::gauges(scene).await,
            Self::Backup => sanity::backup(scene).await,
            Self::Silence => sanity::silence(scene).await,
            Self::Own(own) => custom::make(scene, own).await,
        };
        came.unwrap_or_else(CheckOutcome::from)
    }
}

/// The checks of a suite, in order. Those that change something come one after the other, the rest side by side.
pub fn suite(suite: CheckSuite, own: &[aether_foundation::stack::CustomCheck]) -> Vec<Check> {
    let mut checks = match suite {
        CheckSuite::Quick => vec![
            Check::Versions,
            Check::RecordingRules,
            Check::Alerts,
            Check::Dashboard,
            Check::Service,
            Check::Recorded,
        ],
        CheckSuite::Preprod => vec![
            Check::Files,
            Check::Reload,
            Check::RecordingRules,
            Check::Alerts,
            Check::DataSource,
            Check::Notifications,
            Check::Smoke,
        ],
        CheckSuite::AfterDeploy => {
            vec![Check::Versions, Check::Changed, Check::NewAlerts, Check::Targets, Check::Gauges]
        }
        CheckSuite::Sanity => vec![
            Check::Versions,
            Check::RecordingRules,
            Check::Alerts,
            Check::Dashboard,
            Check::Service,
            Check::Recorded,
            Check::Backup,
            Check::Silence,
        ],
    };
    checks
        .extend(own.iter().filter(|own| own.suites.contains(&suite)).cloned().map(Box::new).map(Check::Own));
    checks
}

/// What is going on, seen by everybody.
pub struct Checks {
    ctx: Arc<Context>,
    rules: Arc<Rules>,
    backups: Arc<Backups>,
    maintenance: Arc<Maintenance>,
    pins: Arc<Pins>,
    inner: Mutex<Inner>,
    cancel: AtomicBool,
    wake: tokio::sync::Notify,
}

#[derive(Default)]
struct Inner {
    revision: u32,
    running: Option<CheckRun>,
    /// By stack.
    last: BTreeMap<String, CheckOutline>,
}

impl Checks {
    /// With the newest runs that the journal knows, of this process or others before it.
    pub fn load(
        ctx: Arc<Context>,
        rules: Arc<Rules>,
        backups: Arc<Backups>,
        maintenance: Arc<Maintenance>,
        pins: Arc<Pins>,
    ) -> Arc<Self> {
        let checks = Self {
            ctx,
            rules,
            backups,
            maintenance,
            pins,
            inner: Mutex::default(),
            cancel: AtomicBool::new(false),
            wake: tokio::sync::Notify::new(),
        };
        match checks.ctx.journal.recent(run::CHECK, run::READ) {
            Ok(entries) => {
                let mut inner = checks.inner.lock().unwrap_or_else(PoisonError::into_inner);
                let ended = entries.iter().filter_map(run::read).filter(|run| run.ended_at.is_some());
                for run in ended {
                    inner.last.entry(run.stack.clone()).or_insert_with(|| run::outline(&run));
                }
            }
            Err(error) => {
                tracing::warn!(code = error.code.as_str(), "failed to read past check runs");
            }
        }
        Arc::new(checks)
    }

    /// What is shown of them on this stack.
    pub fn summary(&self, stack: &str) -> ChecksSummary {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        ChecksSummary {
            revision: inner.revision,
            running: inner.running.clone().filter(|run| run.stack == stack),
            last: inner.last.get(stack).cloned(),
        }
    }
}
