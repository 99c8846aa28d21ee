//! Every renderer, with replies whose texts all try to steer the terminal or to forge a line.
//!
//! The replies are made by a deserializer that invents values for any type of the contract: each text is the
//! hostile one, so a field that is added later is hostile as well.

use std::fmt;

use aether_contract as wire;
use proptest::prelude::*;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess,
    VariantAccess, Visitor, value::Error,
};

use super::*;
use crate::human::terminal;

/// Invents a value: `text` for every string, the variant `pick` of every enum.
#[derive(Clone, Copy)]
struct Invented<'a> {
    text: &'a str,
    pick: usize,
    /// How deep it is; types that contain themselves end somewhere.
    depth: usize,
}

fn invented<T: DeserializeOwned>(text: &str, pick: usize) -> T {
    T::deserialize(Invented { text, pick, depth: 0 }).unwrap()
}

impl<'a> Invented<'a> {
    fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    /// Enums with a tag inside do not tell their variants; their names tell which they are.
    fn tagged(self, name: &str) -> Option<serde_json::Value> {
        let text = self.text;
        let error = PanelError::new(ErrorCode::Internal, text, text).with_hint(text).with_detail(text);
        let choices = match name.rsplit(' ').next()? {
            "Freshness" => vec![
                serde_json::json!({"state": "fresh", "at": 1}),
                serde_json::json!({"state": "stale", "at": 1, "error": error}),
                serde_json::json!({"state": "never", "error": error}),
            ],
            "StackSource" => vec![serde_json::json!({"kind": "file", "path": text})],
            "AuthSpec" => vec![serde_json::json!({"kind": "basic", "username": text})],
            "CustomCheckKind" => vec![serde_json::json!({"kind": "query", "query": text, "expect": text})],
            "RuleSet" => vec![serde_json::json!({"kind": "label", "name": text, "value": text})],
            "RelatedPlace" => vec![
                serde_json::json!({"kind": "annotation", "group": text, "rule": text, "name": text}),
                serde_json::json!({"kind": "runbook", "page": text, "file": text, "line": 1}),
            ],
            _ => return None,
        };
        choices.get(self.pick % choices.len()).cloned()
    }
}

/// What a visitor says that it expects.
struct Expected<V>(V);

impl<'de, V: Visitor<'de>> fmt::Display for Expected<&V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }
}

impl<'de> Deserializer<'de> for Invented<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let name = Expected(&visitor).to_string();
        match self.tagged(&name) {
            Some(value) => value.deserialize_any(visitor).map_err(Error::custom),
            None => visitor.visit_string(self.text.to_owned()),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.pick.is_multiple_of(2))
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(1)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(1)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(1)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(1)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(1)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(1)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(1.5)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.depth > 24 { visitor.visit_none() } else { visitor.visit_some(self.deeper()) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self.deeper())
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { from: self.deeper(), left: if self.depth > 24 { 0 } else { 2 } })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items { from: self.deeper(), left: length })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { from: self.deeper(), names: &[], keys: 1 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { from: self.deeper(), names, keys: 0 })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(Variant { from: self.deeper(), name: variants[self.pick % variants.len()] })
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u128 f32 char str string bytes byte_buf unit_struct tuple_struct identifier ignored_any
    }
}

struct Items<'a> {
    from: Invented<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        // Neighbors differ, so that both branches of a choice are seen.
        let from = Invented { pick: self.from.pick + self.left, ..self.from };
        seed.deserialize(from).map(Some)
    }
}

struct Fields<'a> {
    from: Invented<'a>,
    names: &'static [&'static str],
    /// Keys that are made up, of a map.
    keys: usize,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if let Some((name, rest)) = self.names.split_first() {
            self.names = rest;
            return seed.deserialize(serde::de::value::StrDeserializer::new(name)).map(Some);
        }
        if self.keys == 0 {
            return Ok(None);
        }
        self.keys -= 1;
        seed.deserialize(self.from).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.from)
    }
}

struct Variant<'a> {
    from: Invented<'a>,
    name: &'static str,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a> {
    type Error = Error;
    type Variant = Invented<'a>;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Invented<'a>), Error> {
        let variant = seed.deserialize(serde::de::value::StrDeserializer::<Error>::new(self.name))?;
        Ok((variant, self.from))
    }
}

impl<'de> VariantAccess<'de> for Invented<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_struct("", names, visitor)
    }
}

const FORGED: &str = "FORGED";

/// A text of a command: nothing in it steers a terminal, and no line of it is forged.
fn look(found: &mut Vec<String>, command: &str, text: &str) {
    if terminal(text) != text {
        found.push(format!("{command} prints what a terminal obeys: {text:?}"));
    }
    let bare = anstream::adapter::strip_str(text).to_string();
    if bare.lines().any(|line| line.trim_start().starts_with(FORGED)) {
        found.push(format!("{command} prints a forged line:\n{bare}"));
    }
}

fn look_at(found: &mut Vec<String>, command: &str, outcome: Result<Outcome, PanelError>) {
    let outcome = outcome.unwrap();
    look(found, command, &outcome.text);
    look(found, command, &String::from_utf8(outcome.printed()).unwrap());
}

fn every_renderer(found: &mut Vec<String>, text: &str, pick: usize) {
    fn of<T: DeserializeOwned>(text: &str, pick: usize) -> T {
        invented(text, pick)
    }
    macro_rules! made {
        () => {
            &of(text, pick)
        };
    }
    macro_rules! many {
        () => {
            &of::<Vec<_>>(text, pick)
        };
    }
    look_at(found, "alerts", Outcome::new(&(), alerts::text(made!())));
    look(found, "alerts --watch", &watch::line(&watch::Change { state: None, row: of(text, pick) }));
    look(found, "alerts", &alerts::summary(made!()));
    look_at(found, "backup list", backup::list(made!()));
    look(found, "backup show", &backup_text::shown(made!()));
    look_at(found, "backup verify", backup_text::verified(made!()));
    look(found, "backup restore-data", &data::steps(made!()));
    look_at(found, "backup restore-data --check", data::checked(made!()));
    look_at(found, "backup remote list", remote::list(made!()));
    let mut plan: wire::RestorePlan = of(text, pick);
    // Each line of a diff begins with its sign.
    plan.items.iter_mut().for_each(|item| item.diff.clear());
    look(found, "backup restore", &restore::plan_text(&plan));
    let mut plan: wire::PinUpdatePlan = of(text, pick);
    plan.files.iter_mut().for_each(|file| file.diff.clear());
    look(found, "pins update", &pins::plan_text(&plan));
    let mut plan: wire::RulesPlan = of(text, pick);
    for file in &mut plan.files {
        file.diff.clear();
        file.problem.clear();
    }
    look(found, "rules diff", &rules::diff_text(&plan, &[]));
    look_at(found, "backup restore --apply", restore::report(made!()));
    look(found, "backup restores", &restore::runs_table(many!()));
    look(found, "check", &check::text(made!()));
    look_at(found, "check history", check::history(made!()));
    look_at(found, "drill list", drill::list(made!()));
    look_at(found, "drill status", drill::status(made!()));
    look_at(found, "drill end", drill::ended(made!()));
    look_at(found, "escalation", escalation::list(made!()));
    look(found, "gauges", &gauges::overview(many!()));
    look(found, "gauges --tenants", &gauges::tenant_table(many!(), text));
    look(found, "maintenance preview", &window::preview_text(made!()));
    look_at(found, "maintenance start", maintenance::changed(made!(), "started"));
    look_at(found, "maintenance end --all", maintenance::ended_all(many!(), Some(of(text, pick))));
    look(found, "maintenance list", &maintenance::window_table(many!()));
    look(found, "maintenance list --silences", &maintenance::silence_table(many!()));
    look(found, "maintenance members", &window_text::members(many!()));
    look(found, "maintenance matchers", &window_text::matchers(many!()));
    look(found, "maintenance", &maintenance::summary(made!()));
    look(found, "maintenance past", &past::rows(many!()));
    look_at(found, "maintenance schedule list", schedule::shown(made!()));
    look_at(found, "rules list", rules::list(made!()));
    look_at(found, "rules lint", rules::lint_server(made!(), true));
    look_at(found, "rules links", rules::links(made!()));
    look_at(found, "rules apply", rules::applied(made!(), String::new()));
    look_at(found, "runbook list", runbook::list(made!()));
    look_at(found, "runbook runs", runbook::runs(made!()));
    look(found, "runbook run", &runbook::line(made!()));
    look_at(found, "runbook search", runbook::search(made!()));
    look(found, "secret status", &secret::text(made!()));
    look_at(found, "stack list", stack::list(made!()));
    look(found, "stack show", &stack::detail_text(made!()));
    look_at(found, "status", status::status(made!()));
    look_at(found, "training", training::show(made!()));
    let error: PanelError = of(text, pick);
    look_at(found, "an error", Ok(Outcome::from(error)));
}

/// Those that print a document of several lines: it may have lines of its own, but nothing that a terminal obeys.
fn every_document(text: &str, pick: usize) {
    let obeyed = |command: &str, text: &str| assert_eq!(terminal(text), text, "{command}");
    obeyed("backup restore", &restore::plan_text(&invented(text, pick)));
    obeyed("pins update", &pins::plan_text(&invented(text, pick)));
    obeyed("rules diff", &rules::diff_text(&invented(text, pick), &[]));
    obeyed("runbook show", &runbook::show(&invented(text, pick)).unwrap().text);
}

#[test]
fn rule_error_with_a_newline_forges_no_line() {
    let text = format!("bad query\n{FORGED} ! everything is fine");
    let mut report: wire::RulesReport = invented("plain", 0);
    for rule in report.groups.iter_mut().flat_map(|group| &mut group.rules) {
        rule.health = "err".into();
        rule.last_error.clone_from(&text);
    }
    let outcome = rules::list(&report).unwrap();
    let printed = String::from_utf8(outcome.printed()).unwrap();
    assert!(printed.contains("bad query\\n"), "{printed}");
    let mut found = Vec::new();
    look_at(&mut found, "rules list", Ok(outcome));
    assert_eq!(found, [""; 0]);
}

#[test]
fn json_of_every_reply_has_no_character_that_a_terminal_obeys() {
    let text = "\u{9b}31m\u{85}\u{202e}\u{2066}\u{2028}\u{2029}\u{200b}\u{feff}\u{1b}[2J\u{7f}\u{e0041}é";
    for pick in 0..3 {
        let status: wire::Snapshot = invented(text, pick);
        let mut outcome = status::status(&status).unwrap();
        outcome.failure = Some(invented(text, pick));
        let mut json = Vec::new();
        outcome.write_json(&mut json).unwrap();
        let json = String::from_utf8(json).unwrap();
        assert_eq!(terminal(&json), json);
        assert!(json.contains("\\u009b31m\\u0085\\u202e") && json.contains('é'), "{json}");
        let back: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(back["error"]["message"], text);
        let row: wire::AlertRow = invented(text, pick);
        let line = watch::json_line(&watch::Change { state: None, row });
        assert_eq!(terminal(&line), line);
    }
}

/// Texts that try to forge a line, to move the cursor or to turn the reading direction.
fn hostile() -> impl Strategy<Value = String> {
    let control = prop_oneof![
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\u{85}".to_owned()),
        Just("\u{2028}".to_owned()),
        Just("\u{1b}[2J\n".to_owned()),
        Just("\u{9b}1;1H\n".to_owned()),
        Just("\u{202e}\n".to_owned()),
        "[\u{0}-\u{1f}\u{7f}-\u{9f}\u{200b}-\u{200f}\u{202a}-\u{202e}]{0,3}\n",
    ];
    ("[a-z ]{0,9}", control, "[ -~]{0,9}").prop_map(|(a, c, b)| format!("{a}{c}{FORGED}{b}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn hostile_text_stays_on_its_line_in_every_command(text in hostile(), pick in 0_usize..12) {
        let mut found = Vec::new();
        every_renderer(&mut found, &text, pick);
        prop_assert!(found.is_empty(), "{}", found.join("\n"));
        every_document(&text, pick);
    }
}
