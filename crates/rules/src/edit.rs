//! Edits of a rule file that touch only what is meant: every byte outside of the changed value stays. Pure.
//!
//! The place of a value is told by `yaml-edit`; the new text is put there in the style of the old one. The
//! fence: the file read again must be the file of before with exactly the intended change, or the edit is refused.

use std::{collections::BTreeSet, ops::Range, str::FromStr as _};

use regex::Regex;
use serde_json::Value;
use yaml_edit::{Document, Mapping, YamlFile, YamlNode};

use super::file;

mod threshold;

pub use threshold::{threshold, thresholds, with_threshold};

/// What changes of a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Set {
    /// The expression.
    Expr(String),
    /// The number that a comparison has, and which comparison where several could be meant.
    Threshold(f64, Option<String>),
    /// `for`.
    Hold(String),
    /// A label; none takes it away.
    Label(String, Option<String>),
    /// An annotation; none takes it away.
    Annotation(String, Option<String>),
}

/// A change of one rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// Group; empty: whichever has the rule.
    pub group: String,
    /// Name of the alert or series.
    pub name: String,
    /// What changes.
    pub set: Set,
}

/// Makes the edits, one after the other.
///
/// # Errors
/// In words: the rule is not there or there twice, the value is written in a form that is not touched, or the fence.
pub fn edit(text: &str, edits: &[Edit]) -> Result<String, String> {
    marked(text, |text| edits.iter().try_fold(text.to_owned(), |text, one| single(&text, one)))
}

/// Edits what stands behind a mark of the encoding, which the readers of YAML do not take, and Prometheus does.
fn marked(text: &str, edit: impl FnOnce(&str) -> Result<String, String>) -> Result<String, String> {
    match text.strip_prefix(file::MARK) {
        Some(rest) => edit(rest).map(|after| format!("{}{after}", file::MARK)),
        None => edit(text),
    }
}

/// Replaces the list of VIP tenants in selectors `label=~"a|b"` that name exactly the old list. Tells in how
/// many rules.
///
/// # Errors
/// As [`edit`].
pub fn vip(text: &str, label: &str, old: &[String], new: &[String]) -> Result<(String, usize), String> {
    let pattern = Regex::new(&format!(r#"\b{}\s*=~\s*"([^"\\]*)""#, regex::escape(label)))
        .map_err(|e| e.to_string())?;
    let wanted: BTreeSet<&str> = old.iter().map(String::as_str).collect();
    let escaped: Vec<String> = new.iter().map(|name| regex::escape(name).replace("\\-", "-")).collect();
    if let Some(odd) = escaped.iter().find(|name| name.contains(['\\', '"', '|', '\n'])) {
        return Err(format!("the tenant {odd} contains characters not allowed in a selector list"));
    }
    let list = escaped.join("|");
    let read = file::read(text)?;
    let mut after = text.to_owned();
    let mut count = 0;
    for group in &read.groups {
        for rule in &group.rules {
            let mut found = rule.expression.clone();
            for hit in pattern.captures_iter(&rule.expression) {
                let (Some(whole), Some(names)) = (hit.get(0), hit.get(1)) else { continue };
                if names.as_str().split('|').collect::<BTreeSet<_>>() == wanted {
                    let put = whole.as_str().replace(names.as_str(), &list);
                    found = found.replace(whole.as_str(), &put);
                }
            }
            if found != rule.expression {
                let one = Edit {
                    group: group.name.clone(),
                    name: rule.name.clone(),
                    set: Set::Expr(found.trim_end().to_owned()),
                };
                after = marked(&after, |text| single(text, &one))?;
                count += 1;
            }
        }
    }
    Ok((after, count))
}

fn single(text: &str, edit: &Edit) -> Result<String, String> {
    // Comments and directives may stand before the document and behind it.
    let stream = YamlFile::from_str(text).map_err(|error| format!("invalid expression: {error}"))?;
    let mut documents = stream.documents();
    let document = match (documents.next(), documents.next()) {
        (Some(document), None) => document,
        (None, _) => return Err("it is empty".into()),
        _ => return Err("it contains more than one document; edit it manually".into()),
    };
    let rule = find(&document, edit)?;
    let name = &edit.name;
    if rule.contains_key("record") && matches!(edit.set, Set::Hold(_) | Set::Annotation(..)) {
        return Err(format!("{name} is a recording rule; only alerts have `for` and annotations"));
    }
    let after = match &edit.set {
        Set::Expr(value) => replace(text, &rule, "expr", value.trim_end())?,
        Set::Threshold(number, of) => {
            let old = file::read(text)?;
            let mut rules =
                old.groups.iter().filter(|group| edit.group.is_empty() || group.name == edit.group);
            let found = rules.find_map(|group| group.rules.iter().find(|rule| rule.name == *name));
            let old = found.ok_or_else(|| format!("rule {name} not found"))?;
            let old = old.expression.trim_end();
            let new = with_threshold(old, *number, of.as_deref()).map_err(|why| format!("{name}: {why}"))?;
            match number_in_place(text, &rule, old, *number, of.as_deref(), edit) {
                Some(after) => return Ok(after),
                None => replace(text, &rule, "expr", &new)?,
            }
        }
        Set::Hold(value) => {
            file::duration(value).map_err(|why| format!("{name}: for: {why}"))?;
            match rule.contains_key("for") {
                true => replace(text, &rule, "for", value.trim())?,
                false => insert(text, &rule, "for", value.trim())?,
            }
        }
        Set::Label(label, value) => inside(text, &rule, "labels", label, value.as_deref())?,
        Set::Annotation(label, value) => inside(text, &rule, "annotations", label, value.as_deref())?,
    };
    fence(text, &after, edit)?;
    Ok(after)
}

fn find(document: &Document, edit: &Edit) -> Result<Mapping, String> {
    let text = |mapping: &Mapping, key: &str| {
        mapping.get(key).and_then(|node| node.as_scalar().map(|one| one.as_string()))
    };
    let mut found = Vec::new();
    let groups = document.get("groups");
    let groups = groups.as_ref().and_then(YamlNode::as_sequence).ok_or("it has no list of groups")?;
    for group in groups.values() {
        let Some(group) = group.as_mapping() else { continue };
        if !edit.group.is_empty() && text(group, "name").as_deref() != Some(edit.group.as_str()) {
            continue;
        }
        let rules = group.get("rules");
        for rule in rules
            .as_ref()
            .and_then(YamlNode::as_sequence)
            .into_iter()
            .flat_map(|rules| rules.values().collect::<Vec<_>>())
        {
            let Some(rule) = rule.as_mapping() else { continue };
            let name = text(rule, "alert").or_else(|| text(rule, "record"));
            if name.as_deref() == Some(edit.name.as_str()) {
                found.push(rule.clone());
            }
        }
    }
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(rule), None) if rule.is_flow_style() => {
            Err(format!("{} is written on one line in braces; edit it manually", edit.name))
        }
        (Some(rule), None) => Ok(rule),
        (None, _) => Err(format!("rule {} not found", edit.name)),
        _ => Err(format!("rule {} is defined more than once; edit it manually", edit.name)),
    }
}

/// The place of a scalar's text, without the line break that ends a block.
fn place(text: &str, node: &YamlNode, key: &str) -> Result<Range<usize>, String> {
    if !node.is_scalar() {
        return Err(format!("{key} is not a plain value; edit it manually"));
    }
    let range = node.byte_range();
    let (start, end) = (range.start as usize, range.end as usize);
    let raw = text.get(start..end).ok_or("the location of a value could not be determined")?;
    Ok(start..start + raw.trim_end().len())
}

fn replace(text: &str, rule: &Mapping, key: &str, value: &str) -> Result<String, String> {
    let node = rule.get(key).ok_or_else(|| format!("it has no {key}"))?;
    let range = place(text, &node, key)?;
    let raw = text.get(range.clone()).unwrap_or_default();
    let column = column_of_key(text, rule)?;
    let put = styled(raw, value, column);
    Ok(splice(text, range, &put))
}

/// Another threshold with nothing but the number changed, however the expression is laid out: the number that
/// makes the meant document is the one.
fn number_in_place(
    text: &str,
    rule: &Mapping,
    old: &str,
    new: f64,
    of: Option<&str>,
    edit: &Edit,
) -> Option<String> {
    let number = threshold::written(old, of)?;
    if number.parse() == Ok(new) {
        return Some(text.to_owned());
    }
    let range = place(text, &rule.get("expr")?, "expr").ok()?;
    let raw = text.get(range.clone())?;
    threshold::places(raw, number).into_iter().find_map(|hit| {
        let after = splice(text, range.start + hit.start..range.start + hit.end, &new.to_string());
        fence(text, &after, edit).is_ok().then_some(after)
    })
}

/// Puts a text in a place, with the line breaks that the file has.
fn splice(text: &str, range: Range<usize>, put: &str) -> String {
    let put = if text.contains("\r\n") { put.replace('\n', "\r\n") } else { put.to_owned() };
    format!(
        "{}{put}{}",
        text.get(..range.start).unwrap_or_default(),
        text.get(range.end..).unwrap_or_default()
    )
}

/// The end of the line that a place is in, before its line break.
fn line_end(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    from + line.strip_suffix('\r').unwrap_or(line).len()
}

/// How far a rule's keys are indented.
fn column_of_key(text: &str, rule: &Mapping) -> Result<usize, String> {
    let key = rule.keys().next().ok_or("the rule is empty")?;
    let start = key.byte_range().start as usize;
    let line = text.get(..start).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
    Ok(text.get(line..start).unwrap_or_default().chars().count())
}

/// A value in the style of the one that it takes the place of.
fn styled(raw: &str, value: &str, column: usize) -> String {
    if raw.starts_with(['|', '>']) {
        let header = raw.lines().next().unwrap_or("|");
        // Folding would join the lines.
        let header = if value.contains('\n') { header.replacen('>', "|", 1) } else { header.to_owned() };
        let indent = raw.lines().skip(1).find(|line| !line.trim().is_empty());
        // A tab is part of the text, not of its indentation.
        let indent = indent.map_or(column + 2, |line| line.len() - line.trim_start_matches(' ').len());
        return block(&header, value, indent);
    }
    if value.contains('\n') {
        return block("|", value, column + 2);
    }
    if raw.starts_with('"') {
        return format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    }
    if raw.starts_with('\'') {
        return format!("'{}'", value.replace('\'', "''"));
    }
    plain_or_quoted(value)
}

fn block(header: &str, value: &str, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut put = header.to_owned();
    for line in value.lines() {
        put.push('\n');
        if !line.trim().is_empty() {
            put.push_str(&pad);
            put.push_str(line);
        }
    }
    put
}

fn plain_or_quoted(value: &str) -> String {
    let reads_back = |text: &str| {
        let read: Result<Value, _> = yaml_serde::from_str(&format!("k: {text}\n"));
        read.is_ok_and(|read| read.get("k").and_then(Value::as_str) == Some(value))
    };
    // Readers of YAML 1.1 take these for true and false.
    let word = value.to_ascii_lowercase();
    let truth = ["y", "n", "yes", "no", "on", "off"].contains(&word.as_str());
    if !truth && reads_back(value) { value.to_owned() } else { format!("'{}'", value.replace('\'', "''")) }
}

/// A new key, on a line of its own right behind the expression.
fn insert(text: &str, rule: &Mapping, key: &str, value: &str) -> Result<String, String> {
    let node = rule.get("expr").ok_or("it has no expr")?;
    let end = line_end(text, place(text, &node, "expr")?.end);
    let pad = " ".repeat(column_of_key(text, rule)?);
    Ok(splice(text, end..end, &format!("\n{pad}{key}: {}", plain_or_quoted(value))))
}

/// A label or an annotation.
fn inside(text: &str, rule: &Mapping, part: &str, name: &str, value: Option<&str>) -> Result<String, String> {
    let Some(node) = rule.get(part) else {
        let Some(value) = value else { return Err(format!("it has no {part}")) };
        let node = rule.get("expr").ok_or("it has no expr")?;
        let end = line_end(text, place(text, &node, "expr")?.end);
        let pad = " ".repeat(column_of_key(text, rule)?);
        let put = format!("\n{pad}{part}:\n{pad}  {}: {}", plain_or_quoted(name), plain_or_quoted(value));
        return Ok(splice(text, end..end, &put));
    };
    let Some(map) = node.as_mapping() else {
        return Err(format!("{part} is not a mapping; edit it manually"));
    };
    match (map.get(name), value) {
        (Some(old), Some(value)) => {
            let range = place(text, &old, name)?;
            let raw = text.get(range.clone()).unwrap_or_default();
            let put = styled(raw, value, column_of_key(text, map).unwrap_or(0));
            Ok(splice(text, range, &put))
        }
        _ if map.is_flow_style() => Err(format!("{part} is written in braces; edit it manually")),
        (None, Some(value)) => {
            let last = map.values().last().ok_or_else(|| format!("{part} is empty; edit it manually"))?;
            let end = line_end(text, place(text, &last, name)?.end);
            let pad = " ".repeat(column_of_key(text, map)?);
            Ok(splice(
                text,
                end..end,
                &format!("\n{pad}{}: {}", plain_or_quoted(name), plain_or_quoted(value)),
            ))
        }
        (Some(old), None) => {
            if map.len() == 1 {
                return Err(format!("{name} is the only entry of {part}; edit it manually"));
            }
            let key =
                map.find_entry_by_key(name).and_then(|entry| entry.key_node()).ok_or("entry not found")?;
            let start = key.byte_range().start as usize;
            let start = text.get(..start).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
            let end = place(text, &old, name)?.end;
            let end = text.get(end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| end + at + 1);
            Ok(splice(text, start..end, ""))
        }
        (None, None) => Err(format!("it has no {name} in {part}")),
    }
}

/// The file after must be the file before with the intended change and nothing else.
fn fence(before: &str, after: &str, edit: &Edit) -> Result<(), String> {
    let read = |text: &str| {
        yaml_serde::from_str::<Value>(text).map_err(|error| format!("the result would be invalid: {error}"))
    };
    let (mut meant, after) = (read(before)?, read(after)?);
    let groups = meant.get_mut("groups").and_then(Value::as_array_mut).into_iter().flatten();
    let of_group = |group: &&mut Value| {
        edit.group.is_empty() || group.get("name").and_then(Value::as_str) == Some(edit.group.as_str())
    };
    let rules = groups.filter(of_group).filter_map(|group| group.get_mut("rules"));
    for rule in rules.filter_map(Value::as_array_mut).flatten() {
        let is = |key: &str| rule.get(key).and_then(Value::as_str) == Some(edit.name.as_str());
        if !(is("alert") || is("record")) {
            continue;
        }
        let Some(map) = rule.as_object_mut() else { continue };
        let mut part = |part: &str, name: &String, value: &Option<String>| {
            let inner = map.entry(part).or_insert_with(|| Value::Object(serde_json::Map::new()));
            let Some(inner) = inner.as_object_mut() else { return };
            match value {
                Some(value) => drop(inner.insert(name.clone(), Value::String(value.clone()))),
                None => drop(inner.remove(name)),
            }
        };
        match &edit.set {
            Set::Label(name, value) => part("labels", name, value),
            Set::Annotation(name, value) => part("annotations", name, value),
            Set::Hold(value) => drop(map.insert("for".into(), Value::String(value.trim().into()))),
            Set::Expr(value) => drop(map.insert("expr".into(), Value::String(value.trim_end().into()))),
            Set::Threshold(number, of) => {
                let old = map.get("expr").and_then(Value::as_str).unwrap_or_default();
                let new = with_threshold(old.trim_end(), *number, of.as_deref())?;
                map.insert("expr".into(), Value::String(new));
            }
        }
    }
    if even(meant) == even(after) {
        Ok(())
    } else {
        Err(format!(
            "{}: the edit would have changed more than requested; nothing was written. Edit it manually",
            edit.name
        ))
    }
}

/// Without the line break that ends a block: it means nothing in any value of a rule.
fn even(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.trim_end().to_owned()),
        Value::Number(number) => Value::String(number.to_string()),
        Value::Array(all) => all.into_iter().map(even).collect(),
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, even(value))).collect()),
        other => other,
    }
}

#[cfg(test)]
mod styles;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unknown;
