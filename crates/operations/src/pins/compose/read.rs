//! The project's own reading of compose files: several files, `.env`, variables, anchors and merge keys,
//! `extends`, `include`, profiles, `!reset` and `!override`. Of each service what is needed to follow its image,
//! nothing else.
//!
//! What is fetched from elsewhere (`include` or `extends` of a Git or OCI address) is not read, and a note says so.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
};

use serde::Deserialize as _;
use yaml_serde::{Mapping, Value};

use super::{
    env::{self, Entry},
    interpolate::{Origin, Replaced, replace},
    part::Part,
    tags::Tagless,
    without_mark,
};

pub use super::part::Reference;

/// Largest file, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;
/// Most files of a project.
const MAX_FILES: usize = 64;
/// Deepest chain of `extends` or `include`.
const MAX_DEPTH: usize = 16;
/// Most files that are read one after another. A file that includes itself twice would otherwise be read 65,536 times
/// before the chain is too deep.
const MAX_READS: usize = 256;
/// Most services of a project.
const MAX_SERVICES: usize = 1_000;

/// What a project is read from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    /// Its folder.
    pub dir: PathBuf,
    /// Its files, later ones on top.
    pub files: Vec<PathBuf>,
    /// Files of variables, later ones on top.
    pub env_files: Vec<PathBuf>,
    /// Profiles that are on; none: those of `COMPOSE_PROFILES`.
    pub profiles: Vec<String>,
}

/// A file of variables that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvFile {
    /// Path.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Its variables.
    pub entries: Vec<Entry>,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Name.
    pub name: String,
    /// Name of its (first) container.
    pub container: String,
    /// Its image; none when it is only built.
    pub image: Option<Reference>,
    /// Whether it is built here.
    pub built: bool,
    /// Its profiles.
    pub profiles: Vec<String>,
    /// Whether it is started with the profiles that are on.
    pub enabled: bool,
}

/// A project that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Project {
    /// Name.
    pub name: String,
    /// Its services, by name.
    pub services: Vec<Service>,
    /// Files of variables.
    pub envs: Vec<EnvFile>,
    /// Compose files with their texts.
    pub texts: BTreeMap<PathBuf, String>,
    /// What has to be known.
    pub notes: Vec<String>,
}

impl Project {
    /// A service by its name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name == name)
    }
}

/// The environment.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Reads a project.
///
/// # Errors
/// In words, with the file.
pub fn read(sources: &Sources, environment: &Environment<'_>) -> Result<Project, String> {
    read_with(sources, environment, &BTreeMap::new())
}

/// As [`read`], with other texts in the place of some files: what a change would make of the project.
///
/// # Errors
/// As [`read`].
pub fn read_with(
    sources: &Sources,
    environment: &Environment<'_>,
    instead: &BTreeMap<PathBuf, String>,
) -> Result<Project, String> {
    let mut reader =
        Reader { environment, instead, project: Project::default(), documents: BTreeMap::new(), reads: 0 };
    let scope = reader.scope(&sources.env_files, &[])?;
    let mut services = BTreeMap::new();
    for file in &sources.files {
        reader.file(file, &scope, &mut services, 0)?;
    }
    let name = reader.name(sources, &scope)?;
    let on = match sources.profiles.as_slice() {
        [] => reader.variable("COMPOSE_PROFILES", &scope).map(|(value, _)| value).unwrap_or_default(),
        given => given.join(","),
    };
    let on: Vec<&str> = on.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let mut project = reader.project;
    for (service, part) in services {
        let enabled = part.profiles.is_empty()
            || part.profiles.iter().any(|profile| on.contains(&profile.as_str()) || on.contains(&"*"));
        project.services.push(Service {
            container: part.container.unwrap_or_else(|| format!("{name}-{service}-1")),
            name: service,
            image: part.image,
            built: part.built,
            profiles: part.profiles,
            enabled,
        });
    }
    project.name = name;
    Ok(project)
}

struct Reader<'a> {
    environment: &'a Environment<'a>,
    instead: &'a BTreeMap<PathBuf, String>,
    project: Project,
    /// The documents of each file, later ones on top.
    documents: BTreeMap<PathBuf, Rc<Vec<Tagless>>>,
    /// Files whose services were read, each as often as it was included.
    reads: usize,
}

impl Reader<'_> {
    /// Reads files of variables; gives their places on top of `above`.
    fn scope(&mut self, files: &[PathBuf], above: &[usize]) -> Result<Vec<usize>, String> {
        let mut scope = Vec::new();
        for path in files {
            let text = self.text(path)?;
            let so_far: Vec<usize> = scope.clone();
            let entries = {
                let lookup = |name: &str| self.variable(name, &so_far);
                env::read(&text, &lookup).map_err(|why| format!("{}: {why}", path.display()))?
            };
            scope.push(self.project.envs.len());
            self.project.envs.push(EnvFile { path: path.clone(), text, entries });
        }
        // What is around an included project has the first word.
        scope.extend_from_slice(above);
        Ok(scope)
    }

    fn variable(&self, name: &str, scope: &[usize]) -> Option<(String, Origin)> {
        if let Some(value) = (self.environment)(name) {
            return Some((value, Origin::Environment));
        }
        scope.iter().rev().find_map(|&index| {
            let file = self.project.envs.get(index)?;
            let entry = file.entries.iter().rev().find(|entry| entry.name == name)?;
            Some((entry.value.clone(), Origin::File(index)))
        })
    }

    fn replace(&self, raw: &str, scope: &[usize]) -> Result<Replaced, String> {
        replace(raw, &|name| self.variable(name, scope))
    }

    fn text(&self, path: &Path) -> Result<String, String> {
        if let Some(text) = self.instead.get(path) {
            return Ok(text.clone());
        }
        let told = |error: std::io::Error| format!("failed to read {}: {error}", path.display());
        let known = fs::metadata(path).map_err(told)?;
        if !known.is_file() {
            return Err(format!("{} is not a regular file", path.display()));
        }
        if known.len() > MAX_FILE {
            return Err(format!("{} is larger than {} MiB", path.display(), MAX_FILE / 1024 / 1024));
        }
        let bytes = aether_foundation::files::read_limited(path, MAX_FILE).map_err(told)?;
        String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", path.display()))
    }

    /// The documents of a file, with their anchors and merge keys followed and their tags taken away. Empty ones are
    /// none.
    fn documents(&mut self, path: &Path) -> Result<Rc<Vec<Tagless>>, String> {
        if let Some(known) = self.documents.get(path) {
            return Ok(Rc::clone(known));
        }
        if self.documents.len() >= MAX_FILES {
            return Err(format!("more than {MAX_FILES} files"));
        }
        let text = self.text(path)?;
        let mut found = Vec::new();
        for document in yaml_serde::Deserializer::from_str(without_mark(&text)) {
            let told = |error: yaml_serde::Error| format!("{}: {error}", path.display());
            let mut value = Value::deserialize(document).map_err(told)?;
            if value.is_null() {
                continue;
            }
            if found.len() >= MAX_FILES {
                return Err(format!("{}: more than {MAX_FILES} documents", path.display()));
            }
            value.apply_merge().map_err(told)?;
            found.push(Tagless::new(value));
        }
        self.project.texts.insert(path.to_path_buf(), text);
        let found = Rc::new(found);
        self.documents.insert(path.to_path_buf(), Rc::clone(&found));
        Ok(found)
    }

    fn name(&mut self, sources: &Sources, scope: &[usize]) -> Result<String, String> {
        if let Some((name, _)) =
            self.variable("COMPOSE_PROJECT_NAME", scope).filter(|(name, _)| !name.is_empty())
        {
            return Ok(name);
        }
        for path in sources.files.iter().rev() {
            let documents = self.documents(path)?;
            let names = documents.iter().rev().map(|document| document.value.get("name"));
            if let Some(raw) = names.flatten().find_map(Value::as_str) {
                let told = |why: String| format!("{}: name: {why}", path.display());
                return Ok(self.replace(raw, scope).map_err(told)?.text);
            }
        }
        let folder = sources.dir.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let allowed = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_' || *c == '-';
        Ok(folder.chars().filter(allowed).collect::<String>().trim_start_matches(['_', '-']).to_owned())
    }

    /// Puts a file's services on top of those that are there.
    fn file(
        &mut self,
        path: &Path,
        scope: &[usize],
        services: &mut BTreeMap<String, Part>,
        depth: usize,
    ) -> Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("{}: `include` is nested too deeply or circular", path.display()));
        }
        self.reads += 1;
        if self.reads > MAX_READS {
            return Err(format!("{}: `include` loads more than {MAX_READS} files", path.display()));
        }
        // Compose puts the documents of a file on each other as if they were files.
        for document in self.documents(path)?.iter() {
            self.put(path, document, scope, services, depth)?;
        }
        Ok(())
    }

    /// Puts a document's services on top of those that are there.
    fn put(
        &mut self,
        path: &Path,
        document: &Tagless,
        scope: &[usize],
        services: &mut BTreeMap<String, Part>,
        depth: usize,
    ) -> Result<(), String> {
        let Value::Mapping(root) = &document.value else {
            return Err(format!("{} is not a mapping", path.display()));
        };
        // What the document resets is gone from what is below it, then it is put on top.
        for place in &document.resets {
            match place.as_slice() {
                [services_key] if services_key == "services" => services.clear(),
                [services_key, name, rest @ ..] if services_key == "services" => {
                    if rest.is_empty() {
                        services.remove(name);
                    } else if let Some(part) = services.get_mut(name) {
                        part.reset(rest);
                    }
                }
                _ => {}
            }
        }
        for one in root.get("include").and_then(Value::as_sequence).into_iter().flatten() {
            self.include(path, one, scope, services, depth)?;
        }
        let found = match root.get("services") {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Mapping(found)) => found,
            Some(_) => return Err(format!("{}: services is not a mapping", path.display())),
        };
        for name in found.keys() {
            let Some(name) = name.as_str() else {
                return Err(format!("{}: a service name is not a string", path.display()));
            };
            if services.len() >= MAX_SERVICES {
                return Err(format!("{}: more than {MAX_SERVICES} services", path.display()));
            }
            let below = services.get(name).cloned().unwrap_or_default();
            let part = self.part((path, document), name, scope, below, 0)?;
            services.insert(name.to_owned(), part);
        }
        Ok(())
    }

    fn include(
        &mut self,
        path: &Path,
        one: &Value,
        scope: &[usize],
        services: &mut BTreeMap<String, Part>,
        depth: usize,
    ) -> Result<(), String> {
        let texts = |value: Option<&Value>| -> Vec<String> {
            match value {
                Some(Value::String(text)) => vec![text.clone()],
                Some(Value::Sequence(all)) => {
                    all.iter().filter_map(Value::as_str).map(str::to_owned).collect()
                }
                _ => Vec::new(),
            }
        };
        let paths = if one.is_string() { texts(Some(one)) } else { texts(one.get("path")) };
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut files = Vec::new();
        for raw in paths {
            let told = |why: String| format!("{}: include: {why}", path.display());
            let text = self.replace(&raw, scope).map_err(told)?.text;
            if remote(&text) {
                self.project.notes.push(format!("{text} is a remote include and was skipped."));
                continue;
            }
            files.push(folder.join(text));
        }
        let Some(first) = files.first() else { return Ok(()) };
        let dir = match one.get("project_directory").and_then(Value::as_str) {
            Some(dir) => folder.join(dir),
            None => first.parent().unwrap_or(folder).to_path_buf(),
        };
        let mut envs: Vec<PathBuf> =
            texts(one.get("env_file")).into_iter().map(|name| folder.join(name)).collect();
        if envs.is_empty() && dir.join(".env").is_file() {
            envs.push(dir.join(".env"));
        }
        let inner = self.scope(&envs, scope)?;
        let mut included = BTreeMap::new();
        for file in &files {
            self.file(file, &inner, &mut included, depth + 1)?;
        }
        for (name, part) in included {
            services.entry(name).or_insert(part);
        }
        Ok(())
    }

    /// A service of a whole file, to extend it.
    fn extended(&mut self, path: &Path, name: &str, scope: &[usize], depth: usize) -> Result<Part, String> {
        let mut found = None;
        for document in self.documents(path)?.iter() {
            if let Some(part) = &mut found {
                reset(document, name, part);
            }
            if document.value.get("services").and_then(|services| services.get(name)).is_some() {
                let below = found.take().unwrap_or_default();
                found = Some(self.part((path, document), name, scope, below, depth)?);
            }
        }
        found.ok_or_else(|| format!("{}: {name}: the service to extend does not exist", path.display()))
    }

    /// A service of a document, on top of `below`.
    fn part(
        &mut self,
        (path, document): (&Path, &Tagless),
        name: &str,
        scope: &[usize],
        below: Part,
        depth: usize,
    ) -> Result<Part, String> {
        let at = |why: &str| format!("{}: {name}: {why}", path.display());
        if depth > MAX_DEPTH {
            return Err(at("`extends` is nested too deeply or circular"));
        }
        let map = match document.value.get("services").and_then(|services| services.get(name)) {
            Some(Value::Mapping(map)) => map.clone(),
            Some(Value::Null) => Mapping::new(),
            Some(_) => return Err(at("not a mapping")),
            None => return Err(at("the service to extend does not exist")),
        };
        let mut part = below;
        let mut base = None;
        match map.get("extends") {
            Some(Value::String(other)) => {
                base = Some(self.part((path, document), other, scope, Part::default(), depth + 1)?);
            }
            Some(value @ Value::Mapping(_)) => {
                let other = value
                    .get("service")
                    .and_then(Value::as_str)
                    .ok_or_else(|| at("extends specifies no service"))?;
                base = match value.get("file").and_then(Value::as_str) {
                    None => Some(self.part((path, document), other, scope, Part::default(), depth + 1)?),
                    Some(raw) => {
                        let file = self.replace(raw, scope).map_err(|why| at(&why))?.text;
                        if remote(&file) {
                            self.project.notes.push(format!("{name} extends {file}, which was not loaded."));
                            None
                        } else {
                            let file = path.parent().unwrap_or(Path::new(".")).join(file);
                            Some(self.extended(&file, other, scope, depth + 1)?)
                        }
                    }
                };
            }
            _ => {}
        }
        if let Some(mut base) = base {
            // What is reset here is not taken over from there either.
            reset(document, name, &mut base);
            part.put(base);
        }
        match field(&map, "image") {
            None => {}
            Some(value) => {
                let raw = value.as_str().ok_or_else(|| at("image is not a string"))?;
                let (resolved, used) = match self.replace(raw, scope) {
                    Ok(done) => (Ok(done.text), done.used),
                    Err(why) => (Err(why), Vec::new()),
                };
                part.image = Some(Reference {
                    raw: raw.to_owned(),
                    resolved,
                    used,
                    file: path.to_path_buf(),
                    service: name.to_owned(),
                    line: None,
                });
            }
        }
        if let Some(value) = field(&map, "container_name") {
            let raw = value.as_str().ok_or_else(|| at("container_name is not a string"))?;
            part.container = Some(self.replace(raw, scope).map_err(|why| at(&why))?.text);
        }
        part.built |= field(&map, "build").is_some();
        for raw in
            map.get("profiles").and_then(Value::as_sequence).into_iter().flatten().filter_map(Value::as_str)
        {
            let profile = self.replace(raw, scope).map_err(|why| at(&why))?.text;
            if !part.profiles.contains(&profile) {
                part.profiles.push(profile);
            }
        }
        Ok(part)
    }
}

/// Takes away what a document resets within a service.
fn reset(document: &Tagless, name: &str, part: &mut Part) {
    for place in &document.resets {
        if let [services, service, rest @ ..] = place.as_slice()
            && services == "services"
            && service == name
            && !rest.is_empty()
        {
            part.reset(rest);
        }
    }
}

/// A value that is not null: null says nothing.
fn field<'a>(map: &'a Mapping, key: &str) -> Option<&'a Value> {
    map.get(key).filter(|value| !value.is_null())
}

fn remote(path: &str) -> bool {
    path.contains("://")
        || path.starts_with("oci:")
        || path.starts_with("git@")
        || path.starts_with("github.com/")
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
