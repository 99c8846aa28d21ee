//! From a query's answer to what a gauge says. Pure: the answer goes in, the reading comes out.
//!
//! Nothing and NaN are "no traffic", never zero. Several series where one number was asked for are an error: picking
//! one silently would show somebody else's number.

use aether_clients::prometheus::{QueryResult, QueryValue, Sample};
use aether_contract::{ErrorCode, GaugeSpec, Level, PanelError, ReadingState, TenantValue, Timestamp};

use aether_foundation::stack::Profile;

/// What one evaluation gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Kind of value.
    pub state: ReadingState,
    /// The number, when finite.
    pub value: Option<f64>,
    /// When the server evaluated it.
    pub at: Option<Timestamp>,
}

/// Reads a gauge's query.
///
/// # Errors
/// `invalid-config` when the query does not give one number.
pub fn reading(result: &QueryResult) -> Result<Reading, PanelError> {
    match &result.value {
        QueryValue::Vector(samples) => match samples.as_slice() {
            [] => Ok(Reading { state: ReadingState::NoTraffic, value: None, at: None }),
            [sample] => Ok(read(sample.value, sample.at)),
            several => Err(not_one(format!("returned {} series", several.len()))),
        },
        QueryValue::Scalar { value, at } => Ok(read(*value, *at)),
        QueryValue::Matrix(_) => Err(not_one("returned a range of values".to_owned())),
        QueryValue::String { .. } => Err(not_one("returned a string".to_owned())),
    }
}

fn not_one(what: String) -> PanelError {
    PanelError::new(
        ErrorCode::InvalidConfig,
        "prometheus",
        format!("The gauge's query {what}, expected a single number."),
    )
    .with_hint("Aggregate it in the stack's profile, for example with sum() or avg().")
}

fn read(value: f64, at: Timestamp) -> Reading {
    Reading { state: state_of(value), value: value.is_finite().then_some(value), at: Some(at) }
}

/// The kind of a number.
pub fn state_of(value: f64) -> ReadingState {
    if value.is_nan() {
        ReadingState::NoTraffic
    } else if value.is_infinite() {
        ReadingState::Infinite
    } else {
        ReadingState::Value
    }
}

/// Judges a value. A value on a threshold has not passed it.
pub fn level(spec: &GaugeSpec, value: Option<f64>) -> Level {
    let past = |threshold: f64, value: f64| {
        if spec.higher_is_better { value < threshold } else { value > threshold }
    };
    match value {
        None => Level::None,
        Some(value) if past(spec.critical, value) => Level::Critical,
        Some(value) if past(spec.warn, value) => Level::Warn,
        Some(_) => Level::Ok,
    }
}

/// The per-tenant split: VIPs first, then the worst. A VIP of the profile that the answer lacks had no traffic.
///
/// # Errors
/// `invalid-config` when the query does not give one series a tenant.
pub fn split(
    result: &QueryResult,
    spec: &GaugeSpec,
    profile: &Profile,
) -> Result<Vec<TenantValue>, PanelError> {
    let QueryValue::Vector(samples) = &result.value else {
        return Err(not_split("returned a series without a tenant".to_owned(), profile));
    };
    let mut rows: Vec<TenantValue> = Vec::with_capacity(samples.len());
    for Sample { labels, value, .. } in samples {
        let tenant =
            labels.get(&profile.tenant_label).filter(|tenant| !tenant.is_empty()).ok_or_else(|| {
                not_split(format!("returned a series without the label {}", profile.tenant_label), profile)
            })?;
        rows.push(tenant_value(tenant, *value, spec, profile));
    }
    rows.sort_by(|a, b| a.tenant.cmp(&b.tenant));
    if let Some(pair) = rows.windows(2).find(|pair| matches!(pair, [a, b] if a.tenant == b.tenant)) {
        let tenant = pair.first().map(|row| row.tenant.as_str()).unwrap_or_default();
        let tenant = aether_foundation::text::truncate(tenant, 80);
        return Err(not_split(format!("returned several series for tenant \"{tenant}\""), profile));
    }
    let missing: Vec<&String> = profile
        .vip_tenants
        .iter()
        .filter(|vip| rows.binary_search_by(|row| row.tenant.cmp(vip)).is_err())
        .collect();
    // A split without a single series is a split without traffic, VIPs included.
    rows.extend(missing.into_iter().map(|vip| tenant_value(vip, f64::NAN, spec, profile)));
    for row in &mut rows {
        row.tenant = aether_foundation::text::truncate(&row.tenant, 256);
    }
    rows.sort_by(|a, b| worst_first(a, b, spec.higher_is_better));
    Ok(rows)
}

fn not_split(what: String, profile: &Profile) -> PanelError {
    PanelError::new(ErrorCode::InvalidConfig, "prometheus", format!("The per-tenant query {what}."))
        .with_hint(format!("Aggregate it by ({}) in the stack's profile.", profile.tenant_label))
}

fn tenant_value(tenant: &str, value: f64, spec: &GaugeSpec, profile: &Profile) -> TenantValue {
    let finite = value.is_finite().then_some(value);
    TenantValue {
        tenant: tenant.to_owned(),
        vip: profile.is_vip(tenant),
        state: state_of(value),
        value: finite,
        level: level(spec, finite),
    }
}

fn worst_first(a: &TenantValue, b: &TenantValue, higher_is_better: bool) -> std::cmp::Ordering {
    let by_value = match (a.value, b.value) {
        (Some(a), Some(b)) if higher_is_better => a.total_cmp(&b),
        (Some(a), Some(b)) => b.total_cmp(&a),
        (a, b) => b.is_some().cmp(&a.is_some()),
    };
    b.vip.cmp(&a.vip).then(by_value).then_with(|| a.tenant.cmp(&b.tenant))
}

/// The note of a gauge whose value may cover less than its window: "12 d of 30 d covered". Empty when it covers it all
/// or the answer says nothing.
pub fn coverage_note(days: &Reading, window: &str) -> String {
    let Some(days) = days.value.filter(|days| *days >= 0.0) else { return String::new() };
    let full = window.trim().strip_suffix('d').and_then(|number| number.trim().parse::<f64>().ok());
    match full {
        // An hour short of the whole is the whole.
        Some(full) if days >= full - 1.0 / 24.0 => String::new(),
        _ if window.is_empty() => format!("{} covered", duration(days)),
        _ => format!("{} of {window} covered", duration(days)),
    }
}

fn duration(days: f64) -> String {
    if days >= 1.0 {
        format!("{} d", days.floor())
    } else if days * 24.0 >= 1.0 {
        format!("{} h", (days * 24.0).floor())
    } else {
        format!("{} min", (days * 1440.0).floor())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn spec(higher_is_better: bool) -> GaugeSpec {
        let (warn, critical) = if higher_is_better { (50.0, 30.0) } else { (30.0, 50.0) };
        GaugeSpec { warn, critical, higher_is_better, ..Profile::builtin().gauges.remove(0) }
    }

    fn vector(values: &[(&str, f64)]) -> QueryResult {
        let samples = values
            .iter()
            .map(|(tenant, value)| Sample {
                labels: BTreeMap::from([("tenant_id".to_owned(), (*tenant).to_owned())]),
                at: Timestamp(5),
                value: *value,
            })
            .collect();
        QueryResult { value: QueryValue::Vector(samples), warnings: Vec::new() }
    }

    #[test]
    fn nothing_and_nan_are_no_traffic_and_infinity_is_its_own_state() {
        let table = [
            (vector(&[]), ReadingState::NoTraffic, None),
            (vector(&[("a", f64::NAN)]), ReadingState::NoTraffic, None),
            (vector(&[("a", f64::INFINITY)]), ReadingState::Infinite, None),
            (vector(&[("a", f64::NEG_INFINITY)]), ReadingState::Infinite, None),
            (vector(&[("a", 0.0)]), ReadingState::Value, Some(0.0)),
        ];
        for (result, state, value) in table {
            let reading = reading(&result).unwrap();
            assert_eq!((reading.state, reading.value), (state, value), "{result:?}");
        }
    }

    #[test]
    fn several_series_are_an_error_and_not_a_choice() {
        let error = reading(&vector(&[("a", 1.0), ("b", 2.0)])).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidConfig);
        assert!(error.message.contains("2 series"), "{}", error.message);
    }

    #[test]
    fn a_level_follows_the_direction_that_is_better() {
        let table = [
            (true, 50.0, Level::Ok),
            (true, 49.9, Level::Warn),
            (true, 30.0, Level::Warn),
            (true, 29.0, Level::Critical),
            (false, 30.0, Level::Ok),
            (false, 30.1, Level::Warn),
            (false, 50.1, Level::Critical),
        ];
        for (higher, value, expected) in table {
            assert_eq!(level(&spec(higher), Some(value)), expected, "{higher} {value}");
        }
        assert_eq!(level(&spec(true), None), Level::None);
    }

    #[test]
    fn vips_come_first_then_the_worst_and_absent_vips_had_no_traffic() {
        let profile = Profile::builtin();
        let result = vector(&[("t1", 80.0), ("t2", 10.0), ("partner-abc", 60.0), ("quiet", f64::NAN)]);
        let rows = split(&result, &spec(true), &profile).unwrap();
        let order: Vec<&str> = rows.iter().map(|row| row.tenant.as_str()).collect();
        assert_eq!(order, ["partner-abc", "vip-customer-123", "vip-customer-456", "t2", "t1", "quiet"]);
        assert_eq!(rows[1].state, ReadingState::NoTraffic);
        assert_eq!((rows[3].level, rows[0].vip, rows[3].vip), (Level::Critical, true, false));
    }

    #[test]
    fn a_split_that_is_none_is_an_error() {
        let profile = Profile::builtin();
        let twice = split(&vector(&[("a", 1.0), ("a", 2.0)]), &spec(true), &profile).unwrap_err();
        assert!(twice.message.contains("\"a\""), "{}", twice.message);
        let unnamed = split(&vector(&[("", 1.0)]), &spec(true), &profile).unwrap_err();
        assert!(unnamed.message.contains("tenant_id"), "{}", unnamed.message);
    }

    #[test]
    fn the_note_tells_how_much_is_covered_only_when_it_is_not_all() {
        let days = |value: f64| Reading { state: ReadingState::Value, value: Some(value), at: None };
        assert_eq!(coverage_note(&days(12.4), "30 d"), "12 d of 30 d covered");
        assert_eq!(coverage_note(&days(0.5), "30 d"), "12 h of 30 d covered");
        assert_eq!(coverage_note(&days(30.0), "30 d"), "");
        assert_eq!(coverage_note(&days(29.99), "30d"), "");
        let none = Reading { state: ReadingState::NoTraffic, value: None, at: None };
        assert_eq!(coverage_note(&none, "30 d"), "");
    }
}
