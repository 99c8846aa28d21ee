//! Another image for a service, in the one line that says it: everything else of the file stays byte for byte. Pure.
//!
//! Where the reference stands is told by `yaml-edit`. The fence: the project read again must differ in exactly
//! the images that are meant, or nothing is written.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::PathBuf,
    str::FromStr as _,
};

use yaml_edit::{Document, Mapping, YamlFile, YamlNode};

use super::{
    interpolate::{Origin, Used},
    read::{Environment, Project, Sources, read_with},
    without_mark,
};

/// What is written where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// File.
    pub path: PathBuf,
    /// Whether it is a file of variables.
    pub variables: bool,
    /// What stands there.
    pub before: String,
    /// What will.
    pub after: String,
    /// Other services that get the same.
    pub also: Vec<String>,
    /// The reference that the service has now, variables replaced; none where that is not known.
    pub from: Option<String>,
    /// What has to be known.
    pub note: String,
}

/// The change that makes `service` run `image`.
///
/// # Errors
/// In words: why it can't be done in one place.
pub fn change(
    sources: &Sources,
    project: &Project,
    environment: &Environment<'_>,
    service: &str,
    image: &str,
) -> Result<Change, String> {
    let found =
        project.service(service).ok_or_else(|| format!("the Compose project has no service {service}"))?;
    let reference =
        found.image.as_ref().ok_or_else(|| format!("{service} has no image; it is built locally"))?;
    if reference.resolved.as_deref() == Ok(image) {
        return Err(format!("{service} already has this image"));
    }
    let mut why = String::new();
    for candidate in candidates(project, reference, image) {
        let (path, variables, range, put, note) = candidate;
        let before = if variables {
            project.envs.iter().find(|file| file.path == path).map(|file| file.text.clone())
        } else {
            project.texts.get(&path).cloned()
        };
        let Some(before) = before else { continue };
        let after = format!(
            "{}{put}{}",
            before.get(..range.start).unwrap_or_default(),
            before.get(range.end..).unwrap_or_default()
        );
        match fence(sources, project, environment, (&path, &after), (service, image)) {
            Ok(also) => {
                let from = reference.resolved.clone().ok();
                return Ok(Change { path, variables, before, after, also, from, note });
            }
            Err(reason) => why = reason,
        }
    }
    if why.is_empty() {
        why = "the location of its image could not be determined".to_owned();
    }
    Err(format!("{why}; edit {} manually", reference.file.display()))
}

type Candidate = (PathBuf, bool, Range<usize>, String, String);

/// Places where a change might do it, the best first.
fn candidates(project: &Project, reference: &super::read::Reference, image: &str) -> Vec<Candidate> {
    let mut all = Vec::new();
    let text = project.texts.get(&reference.file).map(String::as_str).unwrap_or_default();
    let scalars = places(text, &reference.service, &reference.raw);
    if let [used] = reference.used.as_slice()
        && let Some(value) = between(&reference.raw, used, image)
    {
        match &used.origin {
            // In the file of variables.
            Origin::File(index) => {
                if let Some(file) = project.envs.get(*index)
                    && let Some(entry) = file.entries.iter().rev().find(|entry| entry.name == used.name)
                {
                    let raw = file.text.get(entry.at.clone()).unwrap_or_default();
                    let quote = raw.chars().next().filter(|c| matches!(c, '\'' | '"'));
                    let put = quote.map_or_else(|| value.clone(), |quote| format!("{quote}{value}{quote}"));
                    let note =
                        format!("The reference uses the variable {}: its value is changed.", used.name);
                    all.push((file.path.clone(), true, entry.at.clone(), put, note));
                }
            }
            // The default, within the reference.
            Origin::Default => {
                if let Some(default) = &used.default {
                    let mut raw = reference.raw.clone();
                    raw.replace_range(default.clone(), &value);
                    let note =
                        format!("The reference uses the variable {}: its default is changed.", used.name);
                    for range in &scalars {
                        let old = text.get(range.clone()).unwrap_or_default();
                        all.push((
                            reference.file.clone(),
                            false,
                            range.clone(),
                            styled(old, &raw),
                            note.clone(),
                        ));
                    }
                }
            }
            Origin::Environment | Origin::Nowhere => {}
        }
    }
    let names: Vec<&str> = reference.used.iter().map(|used| used.name.as_str()).collect();
    let note = match names.as_slice() {
        [] => String::new(),
        names => format!("The entire reference is replaced; {} is no longer part of it.", names.join(", ")),
    };
    for range in scalars {
        let old = text.get(range.clone()).unwrap_or_default();
        // A `$` would be read as a variable.
        let put = styled(old, &image.replace('$', "$$"));
        all.push((reference.file.clone(), false, range, put, note.clone()));
    }
    all
}

/// What the one variable has to be for the reference to come to `image`.
fn between(raw: &str, used: &Used, image: &str) -> Option<String> {
    let (head, tail) = (raw.get(..used.at.start)?, raw.get(used.at.end..)?);
    let value = image.strip_prefix(head)?.strip_suffix(tail)?;
    let plain = !value.is_empty()
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:/@".contains(&byte));
    plain.then(|| value.to_owned())
}

/// A text in the style of the one that it takes the place of.
fn styled(old: &str, new: &str) -> String {
    match old.chars().next() {
        Some('"') => format!("\"{}\"", new.replace('\\', "\\\\").replace('"', "\\\"")),
        Some('\'') => format!("'{}'", new.replace('\'', "''")),
        // In braces a comma or a bracket would end it; what stood there already may stand there again.
        _ if new.contains(": ") || new.chars().any(|c| ",{}[]#".contains(c) && !old.contains(c)) => {
            format!("'{}'", new.replace('\'', "''"))
        }
        _ => new.to_owned(),
    }
}

/// Places of a service's image, the service's own first; then every other scalar of the same text, for what an
/// anchor gives.
fn places(text: &str, service: &str, raw: &str) -> Vec<Range<usize>> {
    let (mark, bare) = marked(text);
    let Ok(stream) = YamlFile::from_str(bare) else { return Vec::new() };
    places_in(&stream, bare, service, raw)
        .into_iter()
        .map(|range| range.start + mark..range.end + mark)
        .collect()
}

/// The length of the byte order mark, and the text behind it.
fn marked(text: &str) -> (usize, &str) {
    let bare = without_mark(text);
    (text.len() - bare.len(), bare)
}

/// As [`places`]. The last document that names the image is the one that counts.
fn places_in(stream: &YamlFile, text: &str, service: &str, raw: &str) -> Vec<Range<usize>> {
    let mut documents: Vec<Document> = stream.documents().collect();
    documents.reverse();
    let mut found: Vec<Range<usize>> = Vec::new();
    for document in &documents {
        own_place(document, text, service, raw, &mut found);
    }
    for root in documents.iter().filter_map(Document::as_mapping) {
        walk(text, &root, raw, &mut found, 0);
    }
    found
}

fn own_place(document: &Document, text: &str, service: &str, raw: &str, found: &mut Vec<Range<usize>>) {
    let own = document
        .get("services")
        .and_then(|node| mapping(&node).and_then(|services| services.get(service)))
        .and_then(|node| mapping(&node).and_then(|map| map.get("image")));
    if let Some(range) = own.as_ref().and_then(|node| place(text, node, raw)) {
        found.push(range);
    }
}

fn walk(text: &str, map: &Mapping, raw: &str, found: &mut Vec<Range<usize>>, depth: usize) {
    if depth > 32 {
        return;
    }
    for node in map.values() {
        if let Some(range) = place(text, &node, raw)
            && !found.contains(&range)
        {
            found.push(range);
        }
        if let Some(inner) = mapping(&node) {
            walk(text, &inner, raw, found, depth + 1);
        }
    }
}

/// A mapping, also one behind `!override`.
fn mapping(node: &YamlNode) -> Option<Mapping> {
    node.as_mapping().cloned().or_else(|| node.as_tagged()?.as_mapping())
}

fn place(text: &str, node: &YamlNode, raw: &str) -> Option<Range<usize>> {
    let scalar = match node.as_tagged() {
        Some(tagged) => tagged.value()?,
        None => node.as_scalar()?.clone(),
    };
    if scalar.as_string() != raw {
        return None;
    }
    let range = scalar.byte_range();
    let (start, end) = (range.start as usize, range.end as usize);
    let written = text.get(start..end)?;
    // What an anchor's name stands before is still the value.
    let skip = match written.strip_prefix('&') {
        Some(rest) => 1 + rest.find(char::is_whitespace)?,
        None => 0,
    };
    let value = written.get(skip..)?;
    let begin = start + skip + (value.len() - value.trim_start().len());
    Some(begin..start + written.trim_end().len())
}

/// Puts beside each reference the line that it stands in. Each file is parsed once.
pub fn lines(project: &mut Project) {
    for (path, text) in &project.texts {
        let text = without_mark(text);
        let Ok(stream) = YamlFile::from_str(text) else { continue };
        let images = project.services.iter_mut().filter_map(|service| service.image.as_mut());
        for image in images.filter(|image| image.file == *path) {
            let range = places_in(&stream, text, &image.service, &image.raw).into_iter().next();
            let line = |range: Range<usize>| Some(text.get(..range.start)?.matches('\n').count() + 1);
            image.line = range.and_then(line).and_then(|line| u32::try_from(line).ok());
        }
    }
}

/// The project after the change must have `image` for the service, and no other difference than the same image
/// elsewhere. Gives those other services.
fn fence(
    sources: &Sources,
    before: &Project,
    environment: &Environment<'_>,
    (path, text): (&PathBuf, &str),
    (service, image): (&str, &str),
) -> Result<Vec<String>, String> {
    let instead = BTreeMap::from([(path.clone(), text.to_owned())]);
    let after = read_with(sources, environment, &instead)
        .map_err(|why| format!("the result would be invalid: {why}"))?;
    let resolved = |project: &Project, name: &str| {
        project.service(name).and_then(|one| one.image.as_ref()).map(|image| image.resolved.clone())
    };
    if resolved(&after, service) != Some(Ok(image.to_owned())) {
        return Err("the reference is composed in a way that a single edit cannot change".to_owned());
    }
    let names: BTreeSet<&str> =
        before.services.iter().chain(&after.services).map(|service| service.name.as_str()).collect();
    let mut also = Vec::new();
    for name in names {
        let rest = |project: &Project| {
            let one = project.service(name)?;
            Some((one.container.clone(), one.built, one.profiles.clone(), one.enabled))
        };
        if rest(before) != rest(&after) {
            return Err(format!("the edit would change more of {name} than its image"));
        }
        if name != service && resolved(before, name) != resolved(&after, name) {
            also.push(name.to_owned());
        }
    }
    if before.name != after.name {
        return Err("the edit would change the project name".to_owned());
    }
    Ok(also)
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;
