//! `docker compose config`, if installed: how Compose itself resolves the files.

use std::{collections::BTreeMap, path::Path, process::Stdio, time::Duration};

use serde::Deserialize;

use super::read::Sources;
use aether_foundation::child;

/// How long it may take.
const LIMIT: Duration = Duration::from_secs(20);
/// Most of its output that is read, in bytes.
const MAX: usize = 16 * 1024 * 1024;

/// Image and container name of each service, as far as it has them.
pub type Services = BTreeMap<String, (Option<String>, Option<String>)>;

/// What Compose says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolved {
    /// Its version.
    pub version: String,
    /// Image and container name of each service, as far as it has them.
    pub services: Services,
}

/// What asking it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComposeResolution {
    /// It is not installed.
    NotThere,
    /// It does not take the files, in its words.
    Refused(String),
    /// It does.
    Resolved(Resolved),
}

/// Variables that the compose files name, from this process's environment.
pub type Variables = BTreeMap<String, String>;

/// Asks it. `docker` is the command.
pub async fn ask(docker: &Path, sources: &Sources, variables: &Variables) -> ComposeResolution {
    let version = match run(docker, &["compose", "version", "--short"], sources, variables).await {
        Ok((true, output, _)) => output.trim().trim_start_matches('v').to_owned(),
        _ => return ComposeResolution::NotThere,
    };
    let mut words: Vec<String> = vec!["compose".into(), "--project-directory".into(), text(&sources.dir)];
    for file in &sources.files {
        words.extend(["--file".into(), text(file)]);
    }
    for file in &sources.env_files {
        words.extend(["--env-file".into(), text(file)]);
    }
    // Services of profiles that are off are named too.
    words.extend(["--profile", "*", "config", "--format", "json"].map(str::to_owned));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(docker, &words, sources, variables).await {
        Ok((true, output, _)) => match services(&output) {
            Ok(services) => ComposeResolution::Resolved(Resolved { version, services }),
            Err(why) => ComposeResolution::Refused(format!("failed to parse its output: {why}")),
        },
        Ok((false, _, errors)) => {
            let last = errors.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it failed");
            ComposeResolution::Refused(last.trim().chars().take(400).collect())
        }
        Err(why) => ComposeResolution::Refused(why),
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

async fn run(
    docker: &Path,
    words: &[&str],
    sources: &Sources,
    variables: &Variables,
) -> Result<(bool, String, String), String> {
    let mut command = tokio::process::Command::from(child::command(docker));
    command.envs(variables);
    command.args(words).stdin(Stdio::null()).kill_on_drop(true).current_dir(&sources.dir);
    let ran = match tokio::time::timeout(LIMIT, command.output()).await {
        Ok(ran) => ran.map_err(|error| error.to_string())?,
        Err(_) => return Err(format!("timed out after {} s", LIMIT.as_secs())),
    };
    let read = |bytes: &[u8]| String::from_utf8_lossy(bytes.get(..MAX).unwrap_or(bytes)).into_owned();
    Ok((ran.status.success(), read(&ran.stdout), read(&ran.stderr)))
}

fn services(output: &str) -> Result<Services, String> {
    #[derive(Deserialize)]
    struct Project {
        #[serde(default)]
        services: BTreeMap<String, Service>,
    }
    #[derive(Deserialize)]
    struct Service {
        #[serde(default)]
        image: Option<String>,
        #[serde(default)]
        container_name: Option<String>,
    }
    let project: Project = serde_json::from_str(output).map_err(|error| error.to_string())?;
    Ok(project.services.into_iter().map(|(name, one)| (name, (one.image, one.container_name))).collect())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn fake(script: &str) -> (tempfile::TempDir, std::path::PathBuf, Sources) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker");
        std::fs::write(
            &path,
            format!("#!/bin/sh\nif [ \"$2\" = version ]; then echo v2.29.1; exit 0; fi\n{script}\n"),
        )
        .unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let dir = folder.path().to_path_buf();
        let sources = Sources { files: vec![dir.join("compose.yml")], dir, ..Sources::default() };
        (folder, path, sources)
    }

    #[tokio::test]
    async fn what_compose_says_is_taken_and_what_it_refuses_is_told() {
        let (_folder, docker, sources) = fake(
            r#"echo '{"name":"x","services":{"a":{"image":"x/a:v1","container_name":"aa"},"b":{"build":{}}}}'"#,
        );
        let ComposeResolution::Resolved(resolved) = ask(&docker, &sources, &Variables::new()).await else {
            panic!()
        };
        assert_eq!(resolved.version, "2.29.1");
        assert_eq!(resolved.services["a"], (Some("x/a:v1".into()), Some("aa".into())));
        assert_eq!(resolved.services["b"], (None, None));
        let (_folder, docker, sources) =
            fake("echo warning >&2; echo 'services.a.image must be a string' >&2; exit 15");
        assert_eq!(
            ask(&docker, &sources, &Variables::new()).await,
            ComposeResolution::Refused("services.a.image must be a string".into())
        );
        let (_folder, docker, sources) = fake("echo no json");
        assert!(matches!(ask(&docker, &sources, &Variables::new()).await, ComposeResolution::Refused(_)));
        let nowhere = sources.dir.join("nowhere");
        assert_eq!(ask(&nowhere, &sources, &Variables::new()).await, ComposeResolution::NotThere);
    }

    #[tokio::test]
    async fn compose_reads_only_variables_that_are_passed_to_it() {
        let (folder, docker, sources) = fake("env > env.txt; echo '{}'");
        let variables = Variables::from([("TAG".to_owned(), "v1".to_owned())]);
        assert!(matches!(ask(&docker, &sources, &variables).await, ComposeResolution::Resolved(_)));
        let text = std::fs::read_to_string(folder.path().join("env.txt")).unwrap();
        assert!(text.lines().any(|line| line == "TAG=v1"), "{text}");
        // Cargo sets it for every test, and nothing on the list of allowed variables begins so.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some() && !text.contains("CARGO_"), "{text}");
    }

    #[tokio::test]
    async fn a_docker_without_compose_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker");
        std::fs::write(&path, "#!/bin/sh\necho \"docker: 'compose' is not a docker command.\" >&2; exit 1\n")
            .unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let sources = Sources { dir: folder.path().to_path_buf(), ..Sources::default() };
        assert_eq!(ask(&path, &sources, &Variables::new()).await, ComposeResolution::NotThere);
    }
}
