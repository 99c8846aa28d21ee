//! The compose project of a stack: which files it is made of, and which image each service is to run. Only reads.
//!
//! The panel reads the files itself, since it has to know where each reference stands; where `docker compose`
//! is at hand, its word counts for what a reference comes to.

pub mod edit;
mod env;
pub mod interpolate;
mod part;
pub mod read;
mod tags;
pub mod tool;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use aether_clients::sensitive::is_sensitive_variable;
use aether_contract::{ComposeReference, ErrorCode, PanelError};
use sha2::{Digest as _, Sha256};

use self::{
    interpolate::Origin,
    read::{Project, Service, Sources},
    tool::ComposeResolution,
};
use aether_foundation::{stack::Profile, task::blocking, text::hex};

/// Names that Compose looks for, in its order.
const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// Names of what is put on top.
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// A project with who read it.
#[derive(Debug, Clone, Default)]
pub struct Compose {
    /// What it was read from.
    pub sources: Sources,
    /// The project.
    pub project: Project,
    /// `docker compose 2.29.1`, or the panel.
    pub by: String,
    /// What has to be known about the reading.
    pub notes: Vec<String>,
}

/// What `docker compose` said last, and of what; asked again only when a file has changed.
pub type Memory = tokio::sync::Mutex<Option<(String, ComposeResolution)>>;

/// The environment of this process, without what [`is_withheld`].
pub fn environment(name: &str) -> Option<String> {
    if is_withheld(name) { None } else { std::env::var(name).ok() }
}

/// Whether a variable is never taken from the environment, although a compose file names it: the panel's own variables
/// hold the credentials of the stack, and a compose file of somebody else must not be able to ask for those of others.
fn is_withheld(name: &str) -> bool {
    name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("AETHER_")) || is_sensitive_variable(name)
}

/// Variables of the environment that the project names: those to pass on to Compose, and names of those that are
/// withheld.
fn named(project: &Project) -> (tool::Variables, Vec<String>) {
    let mut names: BTreeSet<String> =
        ["COMPOSE_PROJECT_NAME", "COMPOSE_PROFILES"].map(str::to_owned).into_iter().collect();
    for text in project.texts.values().chain(project.envs.iter().map(|file| &file.text)) {
        names.extend(interpolate::names(text));
    }
    let (mut variables, mut withheld) = (tool::Variables::new(), Vec::new());
    for name in names {
        match environment(&name) {
            Some(value) => {
                variables.insert(name, value);
            }
            None if is_withheld(&name) && std::env::var_os(&name).is_some() => withheld.push(name),
            None => {}
        }
    }
    (variables, withheld)
}

/// Files of a stack's project: those that the profile names, else what Compose would find in the pack's folder.
///
/// # Errors
/// `not-found` when there are none, with what to do.
pub fn sources(profile: &Profile) -> Result<Sources, PanelError> {
    let refuse =
        |words: String, hint: &str| PanelError::new(ErrorCode::NotFound, "compose", words).with_hint(hint);
    let given = &profile.compose;
    let mut files = given.files.clone();
    let dir = match (files.first(), &profile.pack.dir) {
        (Some(first), _) => first.parent().unwrap_or(Path::new("/")).to_path_buf(),
        (None, Some(dir)) => dir.clone(),
        (None, None) => {
            return Err(refuse(
                "The location of the Compose file is not set.".to_owned(),
                "Set [compose] files or [pack] dir in the profile.",
            ));
        }
    };
    let mut env_files = given.env_files.clone();
    if env_files.is_empty() && dir.join(".env").is_file() {
        env_files.push(dir.join(".env"));
    }
    if files.is_empty() {
        files = found(&dir, &env_files);
    }
    if files.is_empty() {
        return Err(refuse(
            format!("No Compose file found in {}.", dir.display()),
            "Set [compose] files in the profile.",
        ));
    }
    // What the profile names is the person's choice; what is found in the pack is not.
    if let (true, Some(pack)) = (given.files.is_empty(), &profile.pack.dir) {
        let found = files.iter().chain(env_files.iter().filter(|_| given.env_files.is_empty()));
        for file in found {
            aether_rules::configs::pack::check_compose(pack, file)
                .map_err(|error| PanelError::new(ErrorCode::InvalidConfig, "compose", format!("{error}.")))?;
        }
    }
    Ok(Sources { dir, files, env_files, profiles: given.profiles.clone() })
}

/// What Compose would find: `COMPOSE_FILE` of the file of variables, else the first of its names with what is
/// put on top.
fn found(dir: &Path, env_files: &[PathBuf]) -> Vec<PathBuf> {
    for path in env_files {
        let text = aether_foundation::files::read_limited(path, 1024 * 1024).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let entries = env::read(&text, &|_| None).unwrap_or_default();
        let value =
            |name: &str| entries.iter().rev().find(|entry| entry.name == name).map(|entry| &entry.value);
        if let Some(list) = value("COMPOSE_FILE").filter(|list| !list.is_empty()) {
            let separator = value("COMPOSE_PATH_SEPARATOR").map_or(":", String::as_str);
            return list
                .split(separator)
                .filter(|name| !name.is_empty())
                .map(|name| dir.join(name))
                .collect();
        }
    }
    let first = |names: &[&str]| names.iter().map(|name| dir.join(name)).find(|path| path.is_file());
    let Some(main) = first(&NAMES) else { return Vec::new() };
    std::iter::once(main).chain(first(&OVERRIDES)).collect()
}

/// Reads a stack's project.
///
/// # Errors
/// `not-found` when there is none; `invalid-config`, with the file and what is wrong in it.
pub async fn look(profile: &Profile, memory: &Memory) -> Result<Compose, PanelError> {
    let sources = sources(profile)?;
    let from = sources.clone();
    let mut project = blocking(move || {
        let mut project = read::read(&from, &environment).map_err(|why| {
            PanelError::new(ErrorCode::InvalidConfig, "compose", "Failed to read the Compose file.")
                .with_detail(why)
                .with_hint("Fix it, or set the correct files in [compose] of the profile.")
        })?;
        edit::lines(&mut project);
        Ok(project)
    })
    .await?;
    let mut notes = std::mem::take(&mut project.notes);
    let (variables, withheld) = named(&project);
    if !withheld.is_empty() {
        notes.push(format!(
            "Ignored from the panel's environment because the names look like credentials: {}. If an \
                image depends on them, set them in an env file.",
            withheld.join(", ")
        ));
    }
    let asked = asked(&sources, &project, &variables, memory).await;
    let by = match asked {
        ComposeResolution::Resolved(resolved) => {
            for service in &mut project.services {
                let Some((image, container)) = resolved.services.get(&service.name) else { continue };
                if let Some(name) = container {
                    service.container.clone_from(name);
                }
                let (Some(image), Some(reference)) = (image, &mut service.image) else { continue };
                if reference.resolved.as_ref() != Ok(image) {
                    if let Ok(own) = &reference.resolved {
                        notes.push(format!(
                            "For {}, docker compose resolves {image}, but the panel resolves {own}. The \
                                result of docker compose is used.",
                            service.name
                        ));
                    }
                    reference.resolved = Ok(image.clone());
                }
            }
            format!("docker compose {}", resolved.version)
        }
        ComposeResolution::Refused(why) => {
            notes.push(format!("docker compose rejects the files: {why}"));
            own(&project, &mut notes)
        }
        ComposeResolution::NotThere => own(&project, &mut notes),
    };
    Ok(Compose { sources, project, by, notes })
}

fn own(project: &Project, notes: &mut Vec<String>) -> String {
    let uses =
        project.services.iter().filter_map(|service| service.image.as_ref()).flat_map(|image| &image.used);
    if uses.clone().any(|used| used.origin == Origin::Environment) {
        notes.push(
            "Variables came from the panel's own environment, which may differ from that of the shell \
                that starts the stack."
                .to_owned(),
        );
    }
    if uses.clone().any(|used| used.origin == Origin::Nowhere) {
        notes.push("Unset variables were treated as empty, as docker compose does.".to_owned());
    }
    "the panel (docker compose is not installed)".to_owned()
}

async fn asked(
    sources: &Sources,
    project: &Project,
    variables: &tool::Variables,
    memory: &Memory,
) -> ComposeResolution {
    let mut hash = Sha256::new();
    hash.update(format!("{sources:?}{variables:?}"));
    for (path, text) in &project.texts {
        hash.update(format!("{}\0{text}\0", path.display()));
    }
    for file in &project.envs {
        hash.update(format!("{}\0{}\0", file.path.display(), file.text));
    }
    let key = hex(&hash.finalize());
    let mut memory = memory.lock().await;
    if let Some((known, asked)) = memory.as_ref().filter(|(known, _)| *known == key) {
        tracing::trace!(known, "docker compose was already queried for these files");
        return asked.clone();
    }
    let asked = tool::ask(Path::new("docker"), sources, variables).await;
    *memory = Some((key, asked.clone()));
    asked
}

/// A text without the byte order mark that editors on Windows put before it; Compose takes it away too.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A service's reference as it is shown.
pub fn shown(project: &Project, service: &Service) -> Option<ComposeReference> {
    let image = service.image.as_ref()?;
    let variables = image.used.iter().map(|used| {
        let from = match &used.origin {
            Origin::Environment => "from the panel’s environment".to_owned(),
            Origin::File(index) => {
                let path = project.envs.get(*index).map(|file| file.path.display().to_string());
                format!("from {}", path.unwrap_or_default())
            }
            Origin::Default => "default".to_owned(),
            Origin::Nowhere => "not set".to_owned(),
        };
        format!("{}={}, {from}", used.name, used.value)
    });
    Some(ComposeReference {
        raw: image.raw.clone(),
        resolved: image.resolved.as_ref().ok().cloned(),
        problem: image.resolved.as_ref().err().cloned().unwrap_or_default(),
        file: image.file.display().to_string(),
        line: image.line,
        variables: variables.collect(),
        profiles: service.profiles.clone(),
        enabled: service.enabled,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_as_compose_finds_them() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let mut profile = Profile::builtin();
        assert_eq!(sources(&profile).unwrap_err().code, ErrorCode::NotFound);
        profile.pack.dir = Some(folder.path().to_path_buf());
        assert!(sources(&profile).unwrap_err().message.contains("No Compose file"));
        std::fs::write(at("docker-compose.yml"), "").unwrap();
        std::fs::write(at("docker-compose.override.yml"), "").unwrap();
        let names = |profile: &Profile| {
            let found = sources(profile).unwrap();
            found
                .files
                .iter()
                .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(&profile), ["docker-compose.yml", "docker-compose.override.yml"]);
        std::fs::write(at("compose.yaml"), "").unwrap();
        assert_eq!(names(&profile), ["compose.yaml", "docker-compose.override.yml"]);
        std::fs::write(at(".env"), "COMPOSE_FILE=a.yml:b.yml\n").unwrap();
        assert_eq!(names(&profile), ["a.yml", "b.yml"]);
        profile.compose.files = vec![at("mine.yml")];
        assert_eq!(names(&profile), ["mine.yml"]);
        assert_eq!(sources(&profile).unwrap().env_files, [at(".env")]);
    }

    #[test]
    fn credentials_of_the_environment_are_withheld_from_compose_files() {
        for name in [
            "AETHER_GRAFANA_TOKEN",
            "AETHER_HOME",
            "aether_x",
            "DB_PASSWORD",
            "GITHUB_TOKEN",
            "S3_SECRET_KEY",
        ] {
            assert!(is_withheld(name), "{name}");
        }
        for name in ["TAG", "REGISTRY", "COMPOSE_PROFILES", "PWD", "HOME", "AETHERLINK"] {
            assert!(!is_withheld(name), "{name}");
        }
    }

    #[test]
    fn compose_gets_the_variables_that_the_files_name_and_no_others() {
        let mut project = Project::default();
        project.texts.insert("a.yml".into(), "image: x:${NO_SUCH_VARIABLE:-$PATH}".to_owned());
        let (variables, withheld) = named(&project);
        assert_eq!(variables.get("PATH").cloned(), std::env::var("PATH").ok());
        assert!(variables.keys().all(|name| name == "PATH" || name.starts_with("COMPOSE_")));
        assert!(withheld.is_empty());
    }

    #[tokio::test]
    async fn a_file_that_can_not_be_read_is_told_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("compose.yml"), "services: [").unwrap();
        let mut profile = Profile::builtin();
        profile.pack.dir = Some(folder.path().to_path_buf());
        let error = look(&profile, &Memory::default()).await.unwrap_err();
        assert!(error.detail.contains("compose.yml") && !error.hint.is_empty(), "{error:?}");
    }
}
