//! Types of Prometheus' API. Unknown fields are passed over, missing ones read as empty.

use std::{borrow::Cow, collections::BTreeMap};

use aether_contract::Timestamp;
use serde::{Deserialize, Deserializer};

use crate::time;

/// What an expression gave, with the server's warnings (partial answers of Thanos and Mimir say so here).
#[derive(Debug, Clone, PartialEq)]
pub struct QueryResult {
    /// The value.
    pub value: QueryValue,
    /// Warnings.
    pub warnings: Vec<String>,
}

/// The four types of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum QueryValue {
    /// One sample a series.
    Vector(Vec<Sample>),
    /// One number.
    Scalar {
        /// When.
        at: Timestamp,
        /// The number; may be NaN or infinite.
        value: f64,
    },
    /// Several samples a series.
    Matrix(Vec<RangeSeries>),
    /// A text.
    String {
        /// When.
        at: Timestamp,
        /// The text.
        value: String,
    },
}

/// A sample of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Labels, `__name__` included.
    pub labels: BTreeMap<String, String>,
    /// When.
    pub at: Timestamp,
    /// The number; may be NaN or infinite.
    pub value: f64,
}

/// A series over time.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeSeries {
    /// Labels, `__name__` included.
    pub labels: BTreeMap<String, String>,
    /// Samples in time order; numbers may be NaN or infinite.
    pub values: Vec<(Timestamp, f64)>,
}

/// State of an alert in Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PromAlertState {
    /// Condition true, `for` not over.
    Pending,
    /// Firing.
    Firing,
    /// Anything else.
    #[default]
    Inactive,
}

impl<'de> Deserialize<'de> for PromAlertState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = Cow::<str>::deserialize(deserializer)?;
        Ok(match word.as_ref() {
            "pending" => Self::Pending,
            "firing" => Self::Firing,
            _ => Self::Inactive,
        })
    }
}

/// An alert as Prometheus evaluates it.
#[derive(Debug, Clone, PartialEq, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PromAlert {
    /// Labels, `alertname` included.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// State.
    pub state: PromAlertState,
    /// Since when the condition has been true.
    #[serde(deserialize_with = "time::optional")]
    pub active_at: Option<Timestamp>,
    /// The expression's value as the server wrote it.
    pub value: String,
}

/// A group of rules.
#[derive(Debug, Clone, PartialEq, Deserialize, Default)]
#[serde(default)]
pub struct RuleGroup {
    /// Name.
    pub name: String,
    /// File.
    pub file: String,
    /// Seconds between evaluations.
    pub interval: f64,
    /// Rules.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Rule {
    /// Makes alerts.
    Alerting(AlertingRule),
    /// Makes series.
    Recording(RecordingRule),
    /// A kind that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A rule that makes alerts.
#[derive(Debug, Clone, PartialEq, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct AlertingRule {
    /// Alert name.
    pub name: String,
    /// Expression.
    pub query: String,
    /// `for`, in seconds.
    pub duration: f64,
    /// Labels that it adds.
    pub labels: BTreeMap<String, String>,
    /// Annotations, as templates.
    pub annotations: BTreeMap<String, String>,
    /// Its alerts.
    pub alerts: Vec<PromAlert>,
    /// `ok`, `err`, `unknown`.
    pub health: String,
    /// Last error.
    pub last_error: String,
}

/// A rule that makes series.
#[derive(Debug, Clone, PartialEq, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct RecordingRule {
    /// Series' name.
    pub name: String,
    /// Expression.
    pub query: String,
    /// Labels that it adds.
    pub labels: BTreeMap<String, String>,
    /// `ok`, `err`, `unknown`.
    pub health: String,
    /// Last error.
    pub last_error: String,
}

#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub status: String,
    #[serde(default = "Option::default")]
    pub data: Option<T>,
    #[serde(default)]
    pub error: String,
    #[serde(default)]
    pub warnings: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data {
    result_type: String,
    result: serde_json::Value,
}

/// `[1435781451.781, "1"]`.
#[derive(Deserialize)]
struct Point(f64, String);

#[derive(Deserialize)]
struct WireSample {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    /// Missing for a native histogram, which is no number.
    value: Option<Point>,
}

#[derive(Deserialize)]
struct WireSeries {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<Point>,
}

impl Data {
    pub(super) fn into_value(self) -> Result<QueryValue, String> {
        let broken = |error: serde_json::Error| error.to_string();
        Ok(match self.result_type.as_str() {
            "vector" => {
                let wire: Vec<WireSample> = serde_json::from_value(self.result).map_err(broken)?;
                let samples = wire.into_iter().filter_map(|sample| {
                    let (at, value) = read(&sample.value?);
                    Some(Sample { labels: sample.metric, at, value })
                });
                QueryValue::Vector(samples.collect())
            }
            "matrix" => {
                let wire: Vec<WireSeries> = serde_json::from_value(self.result).map_err(broken)?;
                let series = wire.into_iter().map(|one| RangeSeries {
                    labels: one.metric,
                    values: one.values.iter().map(read).collect(),
                });
                QueryValue::Matrix(series.collect())
            }
            "scalar" => {
                let (at, value) = read(&serde_json::from_value(self.result).map_err(broken)?);
                QueryValue::Scalar { at, value }
            }
            "string" => {
                let Point(at, value) = serde_json::from_value(self.result).map_err(broken)?;
                QueryValue::String { at: Timestamp::from_secs_f64(at), value }
            }
            other => {
                return Err(format!("unknown result type '{}'", other.chars().take(40).collect::<String>()));
            }
        })
    }
}

/// Prometheus writes `NaN`, `+Inf` and `-Inf`, all of which Rust reads. What is no number at all is NaN.
fn read(point: &Point) -> (Timestamp, f64) {
    (Timestamp::from_secs_f64(point.0), point.1.parse().unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(text: &str) -> Result<QueryValue, String> {
        serde_json::from_str::<Data>(text).map_err(|e| e.to_string())?.into_value()
    }

    #[test]
    fn numbers_that_json_has_none_for_are_read() {
        let text = r#"{"resultType":"vector","result":[
            {"metric":{"t":"a"},"value":[1.5,"NaN"]},{"metric":{"t":"b"},"value":[1.5,"+Inf"]},
            {"metric":{"t":"c"},"value":[1.5,"-Inf"]},{"metric":{"t":"d"},"value":[1.5,"4e2"]},
            {"metric":{"t":"e"},"histogram":[1.5,{}]}]}"#;
        let QueryValue::Vector(samples) = value(text).unwrap() else { panic!("no vector") };
        assert_eq!(samples.len(), 4);
        assert!(samples[0].value.is_nan());
        assert_eq!(samples[1].value, f64::INFINITY);
        assert_eq!(samples[2].value, f64::NEG_INFINITY);
        assert_eq!((samples[3].value, samples[3].at), (400.0, Timestamp(1500)));
    }

    #[test]
    fn rules_with_and_without_alerts_are_read() {
        let text = r#"{"name":"g","interval":30,"rules":[
            {"type":"alerting","name":"A","duration":600,"labels":{"severity":"critical"},"alerts":[
               {"labels":{"alertname":"A"},"state":"pending","activeAt":"2026-11-24T08:00:00Z","value":"4.1e+01"}]},
            {"type":"recording","name":"r","query":"1"},{"type":"dream","name":"?"}]}"#;
        let group: RuleGroup = serde_json::from_str(text).unwrap();
        let Rule::Alerting(rule) = &group.rules[0] else { panic!("not alerting") };
        assert_eq!((rule.duration, rule.alerts[0].state), (600.0, PromAlertState::Pending));
        assert_eq!(rule.alerts[0].active_at, Some(Timestamp(1_795_507_200_000)));
        assert!(matches!(group.rules[2], Rule::Unknown));
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_parser_panic(text in ".*", kind in "vector|matrix|scalar|string|x", result in ".{0,60}") {
            let _ = value(&text);
            let _ = value(&format!(r#"{{"resultType":"{kind}","result":{result}}}"#));
            let _ = serde_json::from_str::<Vec<RuleGroup>>(&text);
            let _ = serde_json::from_str::<PromAlert>(&text);
        }
    }
}
