//! Types of Prometheus' API. Unknown fields are passed over, missing ones read as empty.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use aether_contract::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use crate::{lenient::nullable, time};

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
    #[serde(deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(deserialize_with = "nullable")]
    pub annotations: BTreeMap<String, String>,
    /// State.
    #[serde(deserialize_with = "nullable")]
    pub state: PromAlertState,
    /// Since when the condition has been true.
    #[serde(deserialize_with = "time::optional")]
    pub active_at: Option<Timestamp>,
    /// The expression's value as the server wrote it.
    #[serde(deserialize_with = "nullable")]
    pub value: String,
}

/// A group of rules.
#[derive(Debug, Clone, PartialEq, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct RuleGroup {
    /// Name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// File.
    #[serde(deserialize_with = "nullable")]
    pub file: String,
    /// Seconds between evaluations.
    #[serde(deserialize_with = "nullable")]
    pub interval: f64,
    /// Seconds that its last evaluation took.
    #[serde(deserialize_with = "nullable")]
    pub evaluation_time: f64,
    /// When that was.
    #[serde(deserialize_with = "time::optional")]
    pub last_evaluation: Option<Timestamp>,
    /// Rules.
    #[serde(deserialize_with = "nullable")]
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Makes alerts.
    Alerting(AlertingRule),
    /// Makes series.
    Recording(RecordingRule),
    /// A kind that this version does not know, or one that it can't read.
    Unknown,
}

impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // One odd rule is no reason to lose all others.
        let fields = serde_json::Value::deserialize(deserializer)?;
        let kind = fields.get("type").and_then(serde_json::Value::as_str).unwrap_or_default();
        Ok(match kind {
            "alerting" => AlertingRule::deserialize(&fields).map_or(Self::Unknown, Self::Alerting),
            "recording" => RecordingRule::deserialize(&fields).map_or(Self::Unknown, Self::Recording),
            _ => Self::Unknown,
        })
    }
}

/// A rule that makes alerts.
#[derive(Debug, Clone, PartialEq, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct AlertingRule {
    /// Alert name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Expression.
    #[serde(deserialize_with = "nullable")]
    pub query: String,
    /// `for`, in seconds.
    #[serde(deserialize_with = "nullable")]
    pub duration: f64,
    /// Labels that it adds.
    #[serde(deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// Annotations, as templates.
    #[serde(deserialize_with = "nullable")]
    pub annotations: BTreeMap<String, String>,
    /// Its alerts.
    #[serde(deserialize_with = "nullable")]
    pub alerts: Vec<PromAlert>,
    /// `ok`, `err`, `unknown`.
    #[serde(deserialize_with = "nullable")]
    pub health: String,
    /// Last error.
    #[serde(deserialize_with = "nullable")]
    pub last_error: String,
    /// Seconds that its last evaluation took.
    #[serde(deserialize_with = "nullable")]
    pub evaluation_time: f64,
    /// When that was.
    #[serde(deserialize_with = "time::optional")]
    pub last_evaluation: Option<Timestamp>,
}

/// A rule that makes series.
#[derive(Debug, Clone, PartialEq, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct RecordingRule {
    /// Series' name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Expression.
    #[serde(deserialize_with = "nullable")]
    pub query: String,
    /// Labels that it adds.
    #[serde(deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// `ok`, `err`, `unknown`.
    #[serde(deserialize_with = "nullable")]
    pub health: String,
    /// Last error.
    #[serde(deserialize_with = "nullable")]
    pub last_error: String,
    /// Seconds that its last evaluation took.
    #[serde(deserialize_with = "nullable")]
    pub evaluation_time: f64,
    /// When that was.
    #[serde(deserialize_with = "time::optional")]
    pub last_evaluation: Option<Timestamp>,
}

#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub status: String,
    #[serde(default = "Option::default")]
    pub data: Option<T>,
    #[serde(default, deserialize_with = "nullable")]
    pub error: String,
    #[serde(default)]
    pub warnings: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Data {
    result_type: String,
    result: Items,
}

/// `[1435781451.781, "1"]`.
#[derive(Deserialize)]
struct Point(f64, String);

/// A series of a vector (`value`) or of a matrix (`values`). A native histogram has neither: it is no number.
#[derive(Deserialize)]
struct WireSeries {
    #[serde(default, deserialize_with = "nullable")]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    value: Option<Point>,
    #[serde(default, deserialize_with = "nullable")]
    values: Vec<Point>,
}

/// `result` of any type, read in one pass: its type may stand before or after it, and a tree of JSON values in between
/// would take several times the memory.
enum Items {
    Series(Vec<WireSeries>),
    Point(Point),
}

/// One element of `result`: a series, or a half of a point.
enum Item {
    Series(WireSeries),
    Number(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Item;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a series, a time or a text")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Item, A::Error> {
                WireSeries::deserialize(MapAccessDeserializer::new(map)).map(Item::Series)
            }
            fn visit_f64<E>(self, number: f64) -> Result<Item, E> {
                Ok(Item::Number(number))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Item, E> {
                Ok(Item::Number(number as f64))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Item, E> {
                Ok(Item::Number(number as f64))
            }
            fn visit_str<E>(self, text: &str) -> Result<Item, E> {
                Ok(Item::Text(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Items;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("series or a point")
            }
            fn visit_unit<E>(self) -> Result<Items, E> {
                Ok(Items::Series(Vec::new()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Items, A::Error> {
                let mixed = || A::Error::custom("a result that is neither series nor a point");
                let mut series = Vec::new();
                let mut time = None;
                while let Some(item) = items.next_element()? {
                    match (item, time) {
                        (Item::Series(one), None) => series.push(one),
                        (Item::Number(at), None) if series.is_empty() => time = Some(at),
                        (Item::Text(value), Some(at)) => {
                            return match items.next_element::<IgnoredAny>()? {
                                None => Ok(Items::Point(Point(at, value))),
                                Some(_) => Err(mixed()),
                            };
                        }
                        _ => return Err(mixed()),
                    }
                }
                if time.is_some() { Err(mixed()) } else { Ok(Items::Series(series)) }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Data {
    pub(super) fn into_value(self) -> Result<QueryValue, String> {
        Ok(match (self.result_type.as_str(), self.result) {
            ("vector", Items::Series(wire)) => {
                let samples = wire.into_iter().filter_map(|one| {
                    let (at, value) = read(&one.value?);
                    Some(Sample { labels: one.metric, at, value })
                });
                QueryValue::Vector(samples.collect())
            }
            ("matrix", Items::Series(wire)) => {
                let series = wire.into_iter().map(|one| RangeSeries {
                    labels: one.metric,
                    values: one.values.iter().map(read).collect(),
                });
                QueryValue::Matrix(series.collect())
            }
            ("scalar", Items::Point(point)) => {
                let (at, value) = read(&point);
                QueryValue::Scalar { at, value }
            }
            ("string", Items::Point(Point(at, value))) => {
                QueryValue::String { at: Timestamp::from_secs_f64(at), value }
            }
            ("vector" | "matrix" | "scalar" | "string", _) => {
                return Err(format!("expected a result of type {}", self.result_type));
            }
            (other, _) => return Err(format!("unknown result type '{other}'")),
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

    #[test]
    fn the_type_may_stand_behind_the_result() {
        let text =
            r#"{"result":[{"metric":{"a":"b"},"values":[[1,"2"],[2.5,"NaN"]]}],"resultType":"matrix"}"#;
        let QueryValue::Matrix(series) = value(text).unwrap() else { panic!("no matrix") };
        assert_eq!(series[0].values[0], (Timestamp(1000), 2.0));
        assert_eq!(series[0].values[1].0, Timestamp(2500));
        let text = r#"{"resultType":"scalar","result":[1,"+Inf"]}"#;
        let scalar = QueryValue::Scalar { at: Timestamp(1000), value: f64::INFINITY };
        assert_eq!(value(text).unwrap(), scalar);
        let text = r#"{"resultType":"string","result":[1.5,"x"]}"#;
        assert_eq!(value(text).unwrap(), QueryValue::String { at: Timestamp(1500), value: "x".into() });
        assert_eq!(value(r#"{"resultType":"vector","result":null}"#).unwrap(), QueryValue::Vector(vec![]));
        for wrong in [r#"[1]"#, r#"[1,"2",3]"#, r#"[1,2]"#, r#"[{},1]"#, r#"[1,{}]"#, "{}", "3"] {
            assert!(value(&format!(r#"{{"resultType":"scalar","result":{wrong}}}"#)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_in_place_of_a_list_or_text_is_an_empty_one() {
        let text = r#"{"name":"g","file":null,"rules":[{"type":"alerting","name":"A","labels":null,
            "annotations":null,"alerts":null,"lastError":null,"health":null,"duration":null},
            {"name":"no type"},{"type":"alerting","name":7},{"type":"recording","name":"r","labels":null}]}"#;
        let group: RuleGroup = serde_json::from_str(text).unwrap();
        assert_eq!(group.rules.len(), 4);
        assert!(
            matches!(&group.rules[0], Rule::Alerting(rule) if rule.name == "A" && rule.alerts.is_empty())
        );
        assert_eq!((&group.rules[1], &group.rules[2]), (&Rule::Unknown, &Rule::Unknown));
        assert!(matches!(&group.rules[3], Rule::Recording(rule) if rule.name == "r"));
        let alert: PromAlert =
            serde_json::from_str(r#"{"labels":null,"activeAt":null,"value":null}"#).unwrap();
        assert_eq!(alert, PromAlert::default());
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_parser_panic(text in ".*", kind in "vector|matrix|scalar|string|x",
            result in ".{0,60}") {
            let _ = value(&text);
            let _ = value(&format!(r#"{{"resultType":"{kind}","result":{result}}}"#));
            let _ = serde_json::from_str::<Vec<RuleGroup>>(&text);
            let _ = serde_json::from_str::<PromAlert>(&text);
        }
    }
}
