//! What is known about one stack while it is selected: the newest and the last good answers of its servers.
//!
//! Each selection of a stack makes a new [`StackSession`]; pollers write only into the one they were started for, so an
//! answer of the old stack cannot turn up in the new one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aether_clients::alertmanager::{AmAlert, AmSilence};
use aether_clients::prometheus::{PromAlert, RuleGroup};
use aether_contract::{
    EndpointSpec, Freshness, Gauge, GaugeSpec, Level, PanelError, ReadingState, ServiceKind, TenantValue,
    Timestamp,
};
use tokio::{sync::Notify, task::AbortHandle};

use super::clients::Clients;
use crate::{
    alert_index::{join::AlertIndex, muted::Mutings},
    cadence,
};
use aether_foundation::clock;
use aether_foundation::stack::Profile;

/// What the polls of one address gave, whatever it was asked for.
#[derive(Debug, Clone)]
pub struct Probe {
    /// As of the last attempt.
    pub freshness: Freshness,
    /// When the last good answer arrived, by the monotonic clock.
    pub good: Option<Instant>,
    /// Version that it reported last.
    pub version: Option<String>,
    /// The program, when it is not the namesake.
    pub flavour: Option<String>,
    /// Last good round trip.
    pub latency_ms: Option<u32>,
    /// Server's clock minus this machine's.
    pub clock_offset_ms: Option<i32>,
    /// When the next attempt is due.
    pub next_poll: Option<Timestamp>,
}

impl Probe {
    fn new(configured: bool) -> Self {
        Self {
            freshness: if configured { Freshness::Loading } else { Freshness::Absent },
            good: None,
            version: None,
            flavour: None,
            latency_ms: None,
            clock_offset_ms: None,
            next_poll: None,
        }
    }

    /// Takes note of a good answer.
    pub fn succeeded(&mut self) {
        self.freshness = self.freshness.succeeded(clock::now());
        self.good = Some(Instant::now());
    }

    /// Takes note of a failure.
    pub fn failed(&mut self, error: PanelError) {
        self.freshness = self.freshness.failed(error);
    }

    /// As it has to be shown now.
    pub fn shown(&self, interval: Duration, service: ServiceKind) -> Freshness {
        shown(&self.freshness, self.good, interval, service)
    }

    /// The time at the server now, if its clock is known.
    pub fn server_now(&self) -> Option<Timestamp> {
        self.clock_offset_ms.map(|offset| clock::now().plus_millis(i64::from(offset)))
    }
}

/// A freshness as it has to be shown now.
pub fn shown(
    freshness: &Freshness,
    good: Option<Instant>,
    interval: Duration,
    service: ServiceKind,
) -> Freshness {
    let age = match (good, freshness.last_good()) {
        (Some(good), Some(at)) => cadence::age(good.elapsed(), at, clock::now()),
        _ => Duration::ZERO,
    };
    cadence::shown(freshness, age, interval, service)
}

/// A gauge with what polling it needs.
#[derive(Debug, Clone)]
pub struct GaugeState {
    /// As it is shown; its `freshness` as of the last attempt.
    pub gauge: Gauge,
    /// When the last good reading arrived.
    pub good: Option<Instant>,
    /// The whole split.
    pub tenants: Arc<Vec<TenantValue>>,
    /// How long the last reading took, split included.
    pub took: Duration,
    /// When it was asked last.
    pub asked: Option<Instant>,
    /// When the sparkline was asked last, and how long that took.
    pub spark_asked: Option<(Instant, Duration)>,
    /// When the last good sparkline arrived.
    pub spark_good: Option<Instant>,
}

impl GaugeState {
    fn new(spec: &GaugeSpec) -> Self {
        Self {
            gauge: Gauge {
                spec: spec.clone(),
                freshness: Freshness::Loading,
                state: ReadingState::Unknown,
                value: None,
                at: None,
                level: Level::None,
                note: String::new(),
                tenants: Vec::new(),
                tenant_count: 0,
                spark: Vec::new(),
                spark_low: Vec::new(),
                spark_high: Vec::new(),
                spark_hours: 0.0,
            },
            good: None,
            tenants: Arc::default(),
            took: Duration::ZERO,
            asked: None,
            spark_asked: None,
            spark_good: None,
        }
    }
}

/// Prometheus' part.
#[derive(Debug, Clone)]
pub struct PrometheusState {
    /// Whether it answers.
    pub probe: Probe,
    /// How far the alerts can be trusted.
    pub alerts_freshness: Freshness,
    /// When the alerts arrived.
    pub alerts_good: Option<Instant>,
    /// Its alerts.
    pub alerts: Arc<Vec<PromAlert>>,
    /// Its rules.
    pub rules: Arc<Vec<RuleGroup>>,
    /// When the rules were asked.
    pub rules_asked: Option<Instant>,
    /// The gauges, in the profile's order.
    pub gauges: Vec<GaugeState>,
}

/// One Alertmanager member's part.
#[derive(Debug, Clone)]
pub struct MemberState {
    /// Address.
    pub url: String,
    /// Whether it answers.
    pub probe: Probe,
    /// Its alerts.
    pub alerts: Arc<Vec<AmAlert>>,
    /// Its silences, expired ones too.
    pub silences: Arc<Vec<AmSilence>>,
    /// What time intervals mute there.
    pub mutings: Arc<Mutings>,
    /// Whether any web page may read and change its silences.
    pub open_to_pages: bool,
}

/// Grafana's part.
#[derive(Debug, Clone)]
pub struct GrafanaState {
    /// Whether it answers.
    pub probe: Probe,
    /// The credentials were refused: they are not tried again until they change, for Grafana locks accounts.
    pub refused: Option<PanelError>,
    /// When the credentials were accepted last.
    pub accepted: Option<Instant>,
}

/// Everything that is known.
pub struct SessionState {
    /// Prometheus.
    pub prometheus: PrometheusState,
    /// Alertmanager's members.
    pub members: Vec<MemberState>,
    /// Grafana.
    pub grafana: GrafanaState,
    /// The alerts, joined.
    pub index: Arc<AlertIndex>,
    /// Whether `index` was made of the newest answers: then what is not in it does not fire. A member that is
    /// down takes nothing from that while another answers.
    pub index_complete: bool,
    /// Goes up when the alerts change.
    pub alerts_revision: u32,
    /// Goes up when the silences change.
    pub silences_revision: u32,
}

/// One selection of a stack.
pub struct StackSession {
    /// Unlike that of every other session.
    pub id: String,
    /// The profile.
    pub profile: Arc<Profile>,
    /// Its clients.
    pub clients: Clients,
    state: Mutex<SessionState>,
    /// Wakes Prometheus' poller.
    pub wake_prometheus: Notify,
    /// Wakes each member's poller.
    pub wake_members: Vec<Notify>,
    /// Wakes Grafana's poller.
    pub wake_grafana: Notify,
    /// Wakes what follows this session besides its pollers.
    pub wake_followers: Notify,
    /// One cycle at a time a server.
    pub gate_prometheus: tokio::sync::Mutex<()>,
    /// One cycle at a time a member.
    pub gate_members: Vec<tokio::sync::Mutex<()>>,
    /// One cycle at a time.
    pub gate_grafana: tokio::sync::Mutex<()>,
    /// One join at a time, so that an older list can't overwrite a newer one.
    pub gate_join: tokio::sync::Mutex<()>,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl StackSession {
    /// A new selection of `profile`. What `before` knew about the same servers of the same stack is taken over.
    pub fn new(profile: Arc<Profile>, clients: Clients, before: Option<&StackSession>) -> Self {
        let mut state = SessionState {
            prometheus: PrometheusState {
                probe: Probe::new(!profile.prometheus.urls.is_empty()),
                alerts_freshness: Probe::new(!profile.prometheus.urls.is_empty()).freshness,
                alerts_good: None,
                alerts: Arc::default(),
                rules: Arc::default(),
                rules_asked: None,
                gauges: profile.gauges.iter().map(GaugeState::new).collect(),
            },
            members: profile
                .alertmanager
                .urls
                .iter()
                .map(|url| MemberState {
                    url: url.clone(),
                    probe: Probe::new(true),
                    alerts: Arc::default(),
                    silences: Arc::default(),
                    mutings: Arc::default(),
                    open_to_pages: false,
                })
                .collect(),
            grafana: GrafanaState {
                probe: Probe::new(!profile.grafana.urls.is_empty()),
                refused: None,
                accepted: None,
            },
            index: Arc::default(),
            index_complete: false,
            alerts_revision: 1,
            silences_revision: 1,
        };
        if let Some(before) = before {
            take_over(&mut state, &profile, before);
        }
        let members = state.members.len();
        Self {
            id: uuid::Uuid::new_v4().to_string(),
            profile,
            clients,
            state: Mutex::new(state),
            wake_prometheus: Notify::new(),
            wake_members: (0..members).map(|_| Notify::new()).collect(),
            wake_grafana: Notify::new(),
            wake_followers: Notify::new(),
            gate_prometheus: tokio::sync::Mutex::new(()),
            gate_members: (0..members).map(|_| tokio::sync::Mutex::new(())).collect(),
            gate_grafana: tokio::sync::Mutex::new(()),
            gate_join: tokio::sync::Mutex::new(()),
            tasks: Mutex::new(Vec::new()),
        }
    }

    /// What is known. Never held across an await.
    pub fn state(&self) -> MutexGuard<'_, SessionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a poller, to be ended with this selection.
    pub fn own(&self, task: AbortHandle) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).push(task);
    }

    /// Ends the pollers.
    pub fn stop(&self) {
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }

    /// Polls everything soon.
    pub fn wake_all(&self) {
        self.wake_prometheus.notify_one();
        self.wake_grafana.notify_one();
        self.wake_followers.notify_one();
        for wake in &self.wake_members {
            wake.notify_one();
        }
    }
}

impl Drop for StackSession {
    fn drop(&mut self) {
        self.stop();
    }
}

fn take_over(state: &mut SessionState, profile: &Profile, before: &StackSession) {
    let old = before.state();
    state.alerts_revision = old.alerts_revision.wrapping_add(1);
    state.silences_revision = old.silences_revision.wrapping_add(1);
    if before.profile.name != profile.name {
        return;
    }
    let same = |a: &EndpointSpec, b: &EndpointSpec| a.headers == b.headers && a.auth == b.auth;
    let same_alertmanager = same(&before.profile.alertmanager, &profile.alertmanager);
    let same_prometheus = before.profile.prometheus == profile.prometheus;
    if same_prometheus {
        let new_gauges = std::mem::take(&mut state.prometheus.gauges);
        state.prometheus = old.prometheus.clone();
        // The rules and the split may be read otherwise now; ask for them again.
        state.prometheus.rules_asked = None;
        let same_split = before.profile.tenant_label == profile.tenant_label
            && before.profile.vip_tenants == profile.vip_tenants;
        state.prometheus.gauges = new_gauges
            .into_iter()
            .map(|new| {
                let known = old.prometheus.gauges.iter().find(|old| old.gauge.spec == new.gauge.spec);
                match known {
                    Some(known) if same_split => {
                        GaugeState { asked: None, spark_asked: None, ..known.clone() }
                    }
                    _ => new,
                }
            })
            .collect();
    }
    if same_alertmanager {
        for member in &mut state.members {
            if let Some(known) = old.members.iter().find(|known| known.url == member.url) {
                *member = known.clone();
            }
        }
    }
    if before.profile.grafana == profile.grafana {
        state.grafana.probe = old.grafana.probe.clone();
    }
    if same_prometheus && same_alertmanager && before.profile.alertmanager.urls == profile.alertmanager.urls {
        state.index = Arc::clone(&old.index);
    }
}
