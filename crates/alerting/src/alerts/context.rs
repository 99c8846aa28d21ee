//! What stands beside an alert: how its tenant is doing otherwise, and the pages that show more of it.

use aether_context::alert_index::order;
use std::sync::Arc;

use aether_contract::{
    AlertCounts, AlertLink, AlertRow, AlertRule, GaugeSpec, ServiceKind, TenantContext, TenantGauge,
    TenantValue, Timestamp,
};
use url::Url;

use aether_foundation::stack::Profile;
use aether_foundation::web::safe_url;

/// The split of a gauge by tenant.
pub type Split = (GaugeSpec, Arc<Vec<TenantValue>>);

/// The tenant's values and alerts; none for an alert that is about no tenant.
pub fn tenant<'a>(
    label: &str,
    row: &AlertRow,
    splits: &[Split],
    rows: impl Iterator<Item = &'a AlertRow>,
) -> Option<TenantContext> {
    let tenant = row.tenant.as_ref()?;
    let gauges = splits
        .iter()
        .filter_map(|(spec, split)| {
            let value = split.iter().find(|value| value.tenant == *tenant)?.clone();
            Some(TenantGauge { spec: spec.clone(), value })
        })
        .collect();
    let mut alerts = AlertCounts::default();
    for other in rows.filter(|other| other.tenant.as_ref() == Some(tenant)) {
        order::count(&mut alerts, other);
    }
    Some(TenantContext { label: label.to_owned(), tenant: tenant.clone(), vip: row.vip, gauges, alerts })
}

/// The expression on Prometheus' own page, and the stack's dashboard from an hour before the alert began.
pub fn links(profile: &Profile, row: &AlertRow, rule: Option<&AlertRule>) -> Vec<AlertLink> {
    let page = |kind: ServiceKind, path: &[&str]| {
        let mut url = Url::parse(profile.web_url(kind)?).ok()?;
        url.path_segments_mut().ok()?.pop_if_empty().extend(path);
        Some(url)
    };
    let prometheus = rule.and_then(|rule| {
        let mut url = page(ServiceKind::Prometheus, &["graph"])?;
        url.query_pairs_mut().append_pair("g0.expr", &rule.expression).append_pair("g0.tab", "0");
        Some(("prometheus", url))
    });
    let uid = Some(&profile.dashboard_uid).filter(|uid| !uid.is_empty());
    let grafana = uid.and_then(|uid| {
        let mut url = page(ServiceKind::Grafana, &["d", uid])?;
        let from = row.since.plus_millis(-3_600_000).max(Timestamp(0));
        url.query_pairs_mut().append_pair("from", &from.0.to_string()).append_pair("to", "now");
        if let Some(tenant) = &row.tenant {
            // A dashboard without such a variable takes no notice of it.
            url.query_pairs_mut().append_pair(&format!("var-{}", profile.tenant_label), tenant);
        }
        Some(("grafana", url))
    });
    [prometheus, grafana]
        .into_iter()
        .flatten()
        .filter_map(|(kind, url)| Some(AlertLink { kind: kind.to_owned(), url: safe_url(url.as_str())? }))
        .collect()
}

#[cfg(test)]
mod tests {
    use aether_contract::{Level, ReadingState};

    use super::*;
    use aether_foundation::testing::row;

    fn split(id: &str, values: &[(&str, f64)]) -> Split {
        let spec = Profile::builtin().gauges.into_iter().find(|gauge| gauge.id == id).unwrap();
        let values = values
            .iter()
            .map(|(tenant, value)| TenantValue {
                tenant: (*tenant).to_owned(),
                vip: false,
                state: ReadingState::Value,
                value: Some(*value),
                level: Level::Ok,
            })
            .collect();
        (spec, Arc::new(values))
    }

    #[test]
    fn a_tenant_is_shown_with_its_values_and_all_its_alerts() {
        let mut one = row(&[("alertname", "A"), ("tenant_id", "t1")]);
        one.vip = true;
        let others =
            [one.clone(), row(&[("alertname", "B"), ("tenant_id", "t1")]), row(&[("alertname", "C")])];
        let ids: Vec<String> = Profile::builtin().gauges.into_iter().map(|gauge| gauge.id).collect();
        let splits = [split(&ids[0], &[("t1", 3.0), ("t2", 4.0)]), split(&ids[1], &[("t2", 1.0)])];
        let found = tenant("tenant_id", &one, &splits, others.iter()).unwrap();
        assert_eq!((found.tenant.as_str(), found.vip, found.alerts.firing), ("t1", true, 2));
        let values: Vec<_> = found.gauges.iter().map(|g| (g.spec.id.clone(), g.value.value)).collect();
        assert_eq!(values, [(ids[0].clone(), Some(3.0))], "a gauge that knows nothing of it is left out");
        assert!(tenant("tenant_id", &others[2], &splits, others.iter()).is_none());
    }

    #[test]
    fn links_lead_to_the_expression_and_to_the_dashboard_at_that_time() {
        let mut profile = Profile::builtin();
        profile.prometheus.urls = vec!["http://prom:9090/base/".into()];
        profile.grafana.urls = vec!["https://grafana.example".into()];
        let mut alert = row(&[("alertname", "A"), ("tenant_id", "a&b")]);
        alert.since = Timestamp(1_700_000_000_000);
        let rule = AlertRule {
            group: String::new(),
            file: String::new(),
            expression: "sum(m) > 1".into(),
            for_s: 0,
            interval_s: 0,
            health: String::new(),
            last_error: String::new(),
            value_expression: None,
            comparison: String::new(),
            threshold: None,
        };
        let found = links(&profile, &alert, Some(&rule));
        assert_eq!(found[0].url, "http://prom:9090/base/graph?g0.expr=sum%28m%29+%3E+1&g0.tab=0");
        let dashboard =
            "https://grafana.example/d/aether-rag-ops?from=1699996400000&to=now&var-tenant_id=a%26b";
        assert_eq!((found[1].kind.as_str(), found[1].url.as_str()), ("grafana", dashboard));
        assert_eq!(links(&profile, &alert, None).len(), 1, "without a rule there is no expression to open");
        profile.grafana.urls.clear();
        assert!(links(&profile, &alert, None).is_empty());
    }
}
