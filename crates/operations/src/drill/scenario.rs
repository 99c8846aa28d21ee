//! The scenarios: what each shows, which runbook is for it, what the right first action is, when it can be
//! seen and when it is over. Pure.

use aether_contract::{
    AlertRow, AlertState, DrillScenario, DrillScenarioInfo, Gauge, Level, ReadingState, ServiceKind,
    ServiceStatus, Silence, SilenceState, Timestamp,
};

use super::record::{OperatorAction, Record};
use aether_foundation::stack::Profile;

/// Gauge of the reranker.
const RERANK: &str = "rerank-utilization";
/// Step of the reranker's runbooks that asks what a day costs.
const COST_STEP: u32 = 4;
/// Minutes within which a non-VIP incident must be noticed, from the triage table.
const LOOK_MINUTES: u32 = 15;
/// Clocks of one machine differ by less than this, and an alert's begin is told in whole evaluations.
const SLACK_MS: i64 = 5_000;

/// What is fixed about a scenario.
pub struct Spec {
    /// Title.
    pub title: &'static str,
    /// What happens.
    pub about: &'static str,
    /// The right first action.
    pub first: &'static str,
    /// Pages that are for it, the best first.
    pub pages: &'static [&'static str],
    /// The alert that shows it, if one does.
    pub alert: Option<&'static str>,
}

/// What is fixed about it.
pub fn spec(scenario: DrillScenario) -> Spec {
    match scenario {
        DrillScenario::VipLowConfidence => Spec {
            title: "VIP low confidence",
            about: "Most answers for one VIP tenant drop below the confidence threshold.",
            first: "Acknowledge the VIP alert.",
            pages: &["LowConfidenceSpikeVIP"],
            alert: Some("LowConfidenceSpikeVIP"),
        },
        DrillScenario::CacheLoss => Spec {
            title: "Cache loss",
            about: "The cache has been emptied: the hit rate drops to almost zero for every tenant.",
            first: "Acknowledge one of its VIP alerts.",
            pages: &["CacheEffectivenessDropVIP", "CacheEffectivenessDrop"],
            alert: Some("CacheEffectivenessDropVIP"),
        },
        DrillScenario::RerankRunaway => Spec {
            title: "Rerank runaway",
            about: "Nearly every answer goes through the reranker. No alert covers this; only the gauge \
                shows it.",
            first: "Check the projected daily cost: step 4 of the runbook.",
            pages: &["RerankUtilizationCritical", "RerankUtilizationHigh"],
            alert: None,
        },
        DrillScenario::BadSilence => Spec {
            title: "Silence at a bad moment",
            about: "A VIP alert fires while a silence created in haste mutes every alert.",
            first: "End the silence, so that the on-call engineer is notified.",
            pages: &["LowConfidenceSpikeVIP"],
            alert: Some("LowConfidenceSpikeVIP"),
        },
        DrillScenario::PrometheusDown => Spec {
            title: "Prometheus down",
            about: "Prometheus is down: nothing is measured, and no alert can fire.",
            first: "Check every server: refresh, test the endpoint, or run a check.",
            pages: &["MonitoringServiceDown"],
            alert: None,
        },
    }
}

/// Seconds to notice, and to resolve or escalate.
pub fn limits(scenario: DrillScenario, profile: &Profile) -> (u32, u32) {
    let look = match scenario {
        DrillScenario::VipLowConfidence | DrillScenario::CacheLoss | DrillScenario::BadSilence => {
            profile.escalation.vip_minutes
        }
        DrillScenario::RerankRunaway | DrillScenario::PrometheusDown => LOOK_MINUTES,
    };
    let call = profile.escalation_table.general_answer_minutes.max(look);
    (look.saturating_mul(60), call.saturating_mul(60))
}

/// Described for people.
pub fn info(scenario: DrillScenario, profile: &Profile) -> DrillScenarioInfo {
    let fixed = spec(scenario);
    let (look_within_s, call_within_s) = limits(scenario, profile);
    DrillScenarioInfo {
        scenario,
        title: fixed.title.to_owned(),
        about: fixed.about.to_owned(),
        first: fixed.first.to_owned(),
        runbook: fixed.pages.first().copied().unwrap_or_default().to_owned(),
        look_within_s,
        call_within_s,
    }
}

/// What can be seen now.
pub struct Sight<'a> {
    /// The alerts.
    pub rows: &'a [AlertRow],
    /// Whether that list is the newest: Alertmanager and Prometheus have answered.
    pub fresh: bool,
    /// The gauges.
    pub gauges: &'a [Gauge],
    /// The services.
    pub services: &'a [ServiceStatus],
    /// All silences.
    pub silences: &'a [Silence],
}

/// Whether an alert is on, heard or not.
fn fires(row: &AlertRow) -> bool {
    !matches!(row.state, AlertState::Pending | AlertState::Resolved)
}

impl Sight<'_> {
    /// Alerts of a scenario that are on for a tenant (any VIP without one), since `since` or later.
    fn alert(&self, name: &str, tenant: Option<&str>, since: Timestamp) -> Option<&AlertRow> {
        self.rows.iter().find(|row| {
            row.name == name
                && fires(row)
                && tenant.is_none_or(|tenant| row.tenant.as_deref() == Some(tenant))
                && row.since.millis_since(since) > -SLACK_MS
        })
    }

    fn rerank(&self) -> Option<&Gauge> {
        self.gauges.iter().find(|gauge| gauge.spec.id == RERANK && gauge.state == ReadingState::Value)
    }

    fn prometheus(&self) -> Option<&ServiceStatus> {
        self.services.iter().find(|service| service.kind == ServiceKind::Prometheus)
    }

    /// Whether the drill can be seen.
    pub fn signal(&self, record: &Record) -> bool {
        let tenant = record.tenant.as_deref();
        match (record.scenario, spec(record.scenario).alert) {
            (DrillScenario::RerankRunaway, _) => self
                .rerank()
                .is_some_and(|gauge| gauge.level == Level::Critical && gauge.at > Some(record.started_at)),
            (DrillScenario::PrometheusDown, _) => {
                self.prometheus().is_some_and(|service| service.freshness.error().is_some())
            }
            (_, Some(name)) => self.alert(name, tenant, record.started_at).is_some(),
            (_, None) => false,
        }
    }

    /// Whether the servers show that it is over: what had to be done was done, and what was to be seen is gone.
    pub fn over(&self, record: &Record) -> bool {
        let Some(cured) = record.cured_at() else { return false };
        match (record.scenario, spec(record.scenario).alert) {
            (DrillScenario::RerankRunaway, _) => self.rerank().is_some_and(|gauge| {
                gauge.level == Level::Ok && gauge.freshness.is_fresh() && gauge.at > Some(cured)
            }),
            (DrillScenario::PrometheusDown, _) => self.prometheus().is_some_and(
                |service| matches!(service.freshness, aether_contract::Freshness::Fresh { at } if at > cured),
            ),
            (scenario, Some(name)) => {
                let hidden = scenario == DrillScenario::BadSilence
                    && self.silences.iter().any(|silence| {
                        Some(&silence.id) == record.silence.as_ref() && silence.state != SilenceState::Expired
                    });
                self.fresh
                    && !hidden
                    && self.alert(name, record.tenant.as_deref(), record.started_at).is_none()
            }
            (_, None) => false,
        }
    }

    /// A tenant that the scenario can happen to, of those that the simulator knows: `Err` when it is on
    /// already, and could not be told apart.
    pub fn tenant(&self, scenario: DrillScenario, vips: &[String]) -> Result<Option<String>, String> {
        let idle = |name: &str, tenant: &str| {
            let same = |row: &&AlertRow| row.name == name && row.tenant.as_deref() == Some(tenant);
            !self.rows.iter().filter(same).any(|row| row.state != AlertState::Resolved)
        };
        match (scenario, spec(scenario).alert) {
            (DrillScenario::RerankRunaway, _) => match self.rerank() {
                Some(gauge) if gauge.level == Level::Ok => Ok(None),
                Some(_) => Err("Rerank utilization is already too high.".to_owned()),
                None => Err("The rerank gauge has no value yet.".to_owned()),
            },
            (DrillScenario::PrometheusDown, _) => match self.prometheus() {
                Some(service) if service.freshness.is_fresh() => Ok(None),
                _ => Err("Prometheus is already down.".to_owned()),
            },
            (DrillScenario::CacheLoss, Some(name)) => {
                let free = vips.iter().any(|vip| idle(name, vip));
                if free { Ok(None) } else { Err(format!("{name} is already active for every VIP tenant.")) }
            }
            (_, Some(name)) => match vips.iter().find(|vip| idle(name, vip)) {
                Some(vip) => Ok(Some(vip.clone())),
                None => Err(format!("{name} is already active for every VIP tenant.")),
            },
            (_, None) => Ok(None),
        }
    }
}

/// Whether a page is one for the scenario; own ones of the same name count.
pub fn is_page(scenario: DrillScenario, page: &str) -> bool {
    spec(scenario).pages.contains(&page.strip_prefix("own/").unwrap_or(page))
}

/// Whether an alert is the one that shows the drill.
fn is_alert(record: &Record, name: &str, tenant: Option<&str>) -> bool {
    spec(record.scenario).alert == Some(name)
        && (record.tenant.is_none() || record.tenant.as_deref() == tenant)
}

/// Whether something is the right first action.
pub fn is_first(record: &Record, what: &OperatorAction) -> bool {
    match (record.scenario, what) {
        (
            DrillScenario::VipLowConfidence | DrillScenario::CacheLoss,
            OperatorAction::AlertTaken { name, tenant },
        ) => is_alert(record, name, tenant.as_deref()),
        (DrillScenario::RerankRunaway, OperatorAction::StepAsked { page, number }) => {
            *number == COST_STEP && is_page(record.scenario, page)
        }
        (DrillScenario::BadSilence, OperatorAction::Unmuted { silence, .. }) => {
            record.silence.as_ref() == Some(silence)
        }
        (DrillScenario::PrometheusDown, OperatorAction::ServersAsked { .. }) => true,
        _ => false,
    }
}

/// Whether an action is an escalation for the drill.
pub fn is_call(record: &Record, what: &OperatorAction) -> bool {
    matches!(what, OperatorAction::Called { title } if spec(record.scenario).alert.is_none_or(|alert| alert == title))
}

/// Whether something shows that the drill was noticed.
pub fn is_notice(record: &Record, what: &OperatorAction) -> bool {
    match what {
        OperatorAction::Seen | OperatorAction::Operated { worked: true, .. } => true,
        OperatorAction::AlertOpened { name, tenant } | OperatorAction::AlertTaken { name, tenant } => {
            is_alert(record, name, tenant.as_deref())
        }
        OperatorAction::PageOpened { page } => is_page(record.scenario, page),
        other => is_first(record, other),
    }
}

#[cfg(test)]
mod tests {
    use aether_contract::{DrillOperation, ErrorCode, Freshness, PanelError};

    use super::*;
    use crate::drill::record::tests::begun;
    use aether_foundation::testing::row;

    const NOTHING: Sight<'_> = Sight { rows: &[], fresh: true, gauges: &[], services: &[], silences: &[] };

    fn vip(state: AlertState, since: i64) -> AlertRow {
        let mut made = row(&[("alertname", "LowConfidenceSpikeVIP"), ("tenant_id", "vip-customer-123")]);
        made.tenant = Some("vip-customer-123".into());
        (made.state, made.since) = (state, Timestamp(since));
        made
    }

    fn cured(mut record: Record, at: i64) -> Record {
        record.did(
            OperatorAction::Operated { operation: DrillOperation::RollBack, worked: true },
            Timestamp(at),
        );
        record
    }

    #[test]
    fn every_scenario_names_a_runbook_that_comes_with_the_panel() {
        let pages = crate::runbook::Library::read(&Profile::builtin()).list().pages;
        for page in DrillScenario::ALL.iter().flat_map(|scenario| spec(*scenario).pages) {
            assert!(pages.iter().any(|known| known.id == *page), "{page}");
        }
    }

    #[test]
    fn cost_step_is_the_first_action_of_its_runbook_page() {
        for page in ["RerankUtilizationCritical", "RerankUtilizationHigh"] {
            let known = crate::runbook::Library::read(&Profile::builtin());
            let first = known.list().pages.into_iter().find(|known| known.id == page).unwrap().first;
            assert!(first.contains(&format!("what a day costs at this rate (step {COST_STEP})")), "{first}");
        }
        let record = begun(DrillScenario::RerankRunaway);
        let asked = |number| OperatorAction::StepAsked { page: "RerankUtilizationHigh".into(), number };
        assert!(is_first(&record, &asked(COST_STEP)) && !is_first(&record, &asked(1)));
    }

    #[test]
    fn an_alert_of_before_is_not_the_drills() {
        let record = Record { started_at: Timestamp(100_000), ..begun(DrillScenario::VipLowConfidence) };
        let seen = |row: AlertRow| Sight { rows: &[row], ..NOTHING }.signal(&record);
        assert!(!seen(vip(AlertState::Firing, 10_000)));
        assert!(!seen(vip(AlertState::Pending, 110_000)), "it does not fire yet");
        assert!(seen(vip(AlertState::Firing, 110_000)));
        assert!(seen(vip(AlertState::Silenced, 110_000)), "it is there for whoever looks");
        let other = AlertRow { tenant: Some("partner-abc".into()), ..vip(AlertState::Firing, 110_000) };
        assert!(!seen(other));
    }

    #[test]
    fn it_is_over_when_the_servers_show_it_and_not_when_the_button_was_pressed() {
        let record = begun(DrillScenario::VipLowConfidence);
        let firing = [vip(AlertState::Firing, 1_000)];
        let done = cured(record.clone(), 50_000);
        assert!(!NOTHING.over(&record), "gone by itself is not mended");
        assert!(!Sight { rows: &firing, ..NOTHING }.over(&done));
        assert!(!Sight { fresh: false, ..NOTHING }.over(&done), "an old list shows nothing");
        assert!(NOTHING.over(&done));
        assert!(Sight { rows: &[vip(AlertState::Resolved, 1_000)], ..NOTHING }.over(&done));
    }

    #[test]
    fn a_bad_silence_is_over_only_without_the_silence() {
        let record = Record { silence: Some("s1".into()), ..begun(DrillScenario::BadSilence) };
        let done = cured(record, 50_000);
        let mut silence = Silence {
            id: "s1".into(),
            matchers: Vec::new(),
            state: SilenceState::Active,
            starts_at: Timestamp(0),
            ends_at: Timestamp(9),
            updated_at: Timestamp(0),
            created_by: "deploy-bot".into(),
            comment: String::new(),
            window: None,
            mutes: 1,
            quiet_anyway: 0,
            members: 1,
            members_of: 1,
        };
        let over =
            |silence: &Silence| Sight { silences: std::slice::from_ref(silence), ..NOTHING }.over(&done);
        assert!(!over(&silence));
        silence.state = SilenceState::Expired;
        assert!(over(&silence));
    }

    #[test]
    fn a_server_that_is_down_is_seen_and_its_return_is_the_end() {
        let record = begun(DrillScenario::PrometheusDown);
        let error = PanelError::new(ErrorCode::Refused, "prometheus", "Nothing answers.");
        let service = |freshness| ServiceStatus {
            kind: ServiceKind::Prometheus,
            title: "Prometheus".into(),
            freshness,
            version: None,
            flavour: None,
            members: Vec::new(),
            web_url: String::new(),
            interval_s: 15,
            next_poll: None,
        };
        let down = [service(Freshness::Stale { at: Timestamp(1), error })];
        let up = [service(Freshness::Fresh { at: Timestamp(60_000) })];
        let sight = |services| Sight { services, ..NOTHING };
        assert!(sight(&down).signal(&record) && !sight(&up).signal(&record));
        let done = cured(record, 50_000);
        assert!(sight(&up).over(&done) && !sight(&down).over(&done));
        assert!(
            !sight(&up).over(&cured(begun(DrillScenario::PrometheusDown), 70_000)),
            "an answer of before"
        );
    }

    #[test]
    fn a_tenant_whose_alert_is_on_already_is_left_out() {
        let vips: Vec<String> = ["vip-customer-123", "partner-abc"].map(str::to_owned).to_vec();
        let rows = [vip(AlertState::Pending, 0)];
        let sight = Sight { rows: &rows, ..NOTHING };
        assert_eq!(sight.tenant(DrillScenario::BadSilence, &vips), Ok(Some("partner-abc".to_owned())));
        assert!(sight.tenant(DrillScenario::BadSilence, &vips[..1]).is_err());
        assert_eq!(NOTHING.tenant(DrillScenario::CacheLoss, &vips), Ok(None));
        assert!(NOTHING.tenant(DrillScenario::RerankRunaway, &vips).is_err(), "nobody could tell the begin");
    }

    #[test]
    fn the_time_to_look_follows_the_profiles_escalation() {
        let mut profile = Profile::builtin();
        profile.escalation.vip_minutes = 7;
        assert_eq!(limits(DrillScenario::CacheLoss, &profile), (420, 1800));
        assert_eq!(limits(DrillScenario::PrometheusDown, &profile), (900, 1800));
    }
}
