//! The Docker Engine API (and Podman's, which is compatible) as far as it is needed: containers with their
//! images and mounts, files out of and into them, programs run in them, starting and stopping. Read against
//! API 1.41 to 1.51.
//!
//! Nothing is pulled, built or pushed.

mod error;
mod signal;

use std::{collections::HashMap, pin::Pin, time::Duration};

use bollard::{
    container::LogOutput,
    exec::{CreateExecOptions, StartExecResults},
    query_parameters as query,
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

pub use error::{DockerError, DockerFailure};

/// How long a question may take.
const LIMIT: Duration = Duration::from_secs(15);
/// Most of what a program in a container says that is kept, in bytes.
const MAX_OUTPUT: usize = 256 * 1024;

/// A container of the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// Id.
    pub id: String,
    /// Name, without the slash.
    pub name: String,
    /// Image as it was named when the container was made.
    pub image: String,
    /// Id of that image.
    pub image_id: String,
    /// `running`, `exited`, …
    pub state: String,
    /// Labels.
    pub labels: HashMap<String, String>,
}

/// Something mounted into a container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mount {
    /// `bind`, `volume`, …
    pub kind: String,
    /// Name of the volume; empty for others.
    pub name: String,
    /// Path on the engine's machine.
    pub source: String,
    /// Path in the container.
    pub destination: String,
    /// Whether the container may write there.
    pub writable: bool,
}

/// A container in full.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContainerDetail {
    /// Id.
    pub id: String,
    /// Name, without the slash.
    pub name: String,
    /// `Config.Image`: as it was named when the container was made.
    pub image: String,
    /// Id of the image that it was made from.
    pub image_id: String,
    /// Whether it runs.
    pub running: bool,
    /// Working directory.
    pub working_dir: String,
    /// Mounts.
    pub mounts: Vec<Mount>,
    /// Labels.
    pub labels: HashMap<String, String>,
    /// When it was made, RFC 3339.
    pub created: String,
    /// The program that it runs, and what that is told.
    pub command: Vec<String>,
}

impl ContainerDetail {
    /// What its program is told with a flag, as `--name=value` or `--name value`.
    pub fn flag(&self, name: &str) -> Option<&str> {
        let mut words = self.command.iter();
        while let Some(word) = words.next() {
            let bare = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
            match bare.and_then(|bare| bare.strip_prefix(name)) {
                Some("") => return words.next().map(String::as_str),
                Some(rest) if rest.starts_with('=') => return rest.get(1..),
                _ => {}
            }
        }
        None
    }
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Image {
    /// Id.
    pub id: String,
    /// `prom/prometheus:v2.54.1`, any number.
    pub tags: Vec<String>,
    /// `prom/prometheus@sha256:…`, any number; none for images that were never pulled.
    pub digests: Vec<String>,
}

/// What a program in a container did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Its exit code.
    pub code: i64,
    /// What it said, on both streams.
    pub output: String,
}

/// What a path of a container is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// A directory.
    Directory,
    /// A file, a link or something else.
    Other,
}

/// Bits of Go's `os.FileMode`, which the engine reports modes in.
const GO_DIRECTORY: u32 = 1 << 31;
const GO_LINK: u32 = 1 << 27;

/// A tar archive as it arrives.
pub type Archive = Pin<Box<dyn Stream<Item = Result<Bytes, DockerError>> + Send>>;

/// The connection to an engine.
#[derive(Debug, Clone)]
pub struct Docker {
    inner: bollard::Docker,
}

impl Docker {
    /// A connection; nothing is asked yet. `unix://`, `npipe://`, `tcp://` and `http(s)://`; with
    /// `DOCKER_TLS_VERIFY` set, the certificates of `DOCKER_CERT_PATH`. `auto`: `DOCKER_HOST`, else the first
    /// usual socket that is there.
    ///
    /// # Errors
    /// [`DockerFailure::Address`]; [`DockerFailure::NotThere`] for a socket that is not there.
    pub fn connect(host: &str) -> Result<Self, DockerError> {
        let found = if host == "auto" {
            usual(|name| std::env::var(name).ok(), |path| std::path::Path::new(path).exists())?
        } else {
            host.to_owned()
        };
        let inner = bollard::Docker::connect_with_host(&found)?;
        Ok(Self { inner: inner.with_timeout(LIMIT) })
    }

    /// The engine's version.
    ///
    /// # Errors
    /// As [`DockerError`] tells.
    pub async fn version(&self) -> Result<String, DockerError> {
        Ok(within(self.inner.version()).await?.version.unwrap_or_default())
    }

    /// All containers, those that do not run too.
    ///
    /// # Errors
    /// As [`DockerError`] tells.
    pub async fn containers(&self) -> Result<Vec<Container>, DockerError> {
        let options = query::ListContainersOptionsBuilder::default().all(true).build();
        let all = within(self.inner.list_containers(Some(options))).await?;
        Ok(all.into_iter().map(Container::from).collect())
    }

    /// A container by name or id; none when there is no such one.
    ///
    /// # Errors
    /// As [`DockerError`] tells.
    pub async fn container(&self, name: &str) -> Result<Option<ContainerDetail>, DockerError> {
        let found = match within(self.inner.inspect_container(name, None)).await {
            Err(error) if error.failure == DockerFailure::NotFound => return Ok(None),
            other => other?,
        };
        Ok(Some(ContainerDetail::from(found)))
    }

    /// An image by reference or id; none when the engine does not have it.
    ///
    /// # Errors
    /// As [`DockerError`] tells.
    pub async fn image(&self, reference: &str) -> Result<Option<Image>, DockerError> {
        match within(self.inner.inspect_image(reference)).await {
            Ok(found) => Ok(Some(Image::from(found))),
            Err(error) if error.failure == DockerFailure::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A file or folder of a container as a tar archive, also of one that does not run.
    pub fn download(&self, container: &str, path: &str) -> Archive {
        let options = query::DownloadFromContainerOptionsBuilder::default().path(path).build();
        let stream = self.inner.download_from_container(container, Some(options));
        Box::pin(stream.map(|chunk| chunk.map_err(DockerError::from)))
    }

    /// What a path of a container is; none when nothing is there. A link at its end is not followed.
    ///
    /// # Errors
    /// As [`DockerError`] tells.
    pub async fn path_kind(&self, container: &str, path: &str) -> Result<Option<PathKind>, DockerError> {
        let options = query::ContainerArchiveInfoOptionsBuilder::default().path(path).build();
        match within(self.inner.get_container_archive_info(container, Some(options))).await {
            Ok(stat) => {
                let is = |bit: u32| stat.file_mode & bit != 0;
                let directory = is(GO_DIRECTORY) && !is(GO_LINK);
                Ok(Some(if directory { PathKind::Directory } else { PathKind::Other }))
            }
            Err(error) if error.failure == DockerFailure::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Unpacks a tar archive into a folder of a container, also of one that does not run.
    ///
    /// # Errors
    /// As [`DockerError`] tells.
    pub async fn upload(
        &self,
        container: &str,
        folder: &str,
        tar: impl Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static,
    ) -> Result<(), DockerError> {
        let options = query::UploadToContainerOptionsBuilder::default().path(folder).build();
        let body = bollard::body_try_stream(tar);
        // As long as it takes: it ends with the stream.
        let patient = self.inner.clone().with_timeout(Duration::from_secs(24 * 3600));
        patient.upload_to_container(container, Some(options), body).await.map_err(DockerError::from)
    }

    /// Runs a program in a running container, as the user that the container runs as, and waits for its end.
    ///
    /// # Errors
    /// As [`DockerError`] tells. A program that fails is none.
    pub async fn run(&self, container: &str, command: &[&str], limit: Duration) -> Result<Ran, DockerError> {
        let options = CreateExecOptions {
            cmd: Some(command.iter().map(|word| (*word).to_owned()).collect()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            ..CreateExecOptions::default()
        };
        let made = within(self.inner.create_exec(container, options)).await?;
        let work = async {
            let mut output = String::new();
            if let StartExecResults::Attached { output: mut stream, .. } =
                self.inner.start_exec(&made.id, None).await?
            {
                while let Some(chunk) = stream.next().await {
                    keep(&mut output, &chunk?);
                }
            }
            let ended = self.inner.inspect_exec(&made.id).await?;
            Ok::<_, bollard::errors::Error>(Ran { code: ended.exit_code.unwrap_or(-1), output })
        };
        match tokio::time::timeout(limit, work).await {
            Ok(ran) => ran.map_err(DockerError::from),
            Err(_) => Err(DockerError::new(
                DockerFailure::Timeout,
                format!("timed out after {} s", limit.as_secs()),
            )),
        }
    }

    /// Runs a shell script as root in a container of its own that has the mounts of another, and waits for its
    /// end. For what has to be done while the other does not run. It has no network, and is removed at its end.
    ///
    /// # Errors
    /// As [`DockerError`] tells. A script that fails is none.
    pub async fn run_beside(
        &self,
        container: &ContainerDetail,
        script: &str,
        limit: Duration,
    ) -> Result<Ran, DockerError> {
        let body = bollard::models::ContainerCreateBody {
            image: Some(container.image_id.clone()),
            user: Some("0:0".to_owned()),
            entrypoint: Some(vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()]),
            cmd: Some(Vec::new()),
            network_disabled: Some(true),
            labels: Some([("org.aetherlink.beside".to_owned(), container.name.clone())].into()),
            host_config: Some(bollard::models::HostConfig {
                volumes_from: Some(vec![container.id.clone()]),
                network_mode: Some("none".to_owned()),
                ..bollard::models::HostConfig::default()
            }),
            ..bollard::models::ContainerCreateBody::default()
        };
        let made = within(self.inner.create_container(None, body)).await?;
        let work = async {
            self.inner.start_container(&made.id, None).await?;
            let mut code = -1;
            let mut ends = self.inner.wait_container(&made.id, None);
            while let Some(end) = ends.next().await {
                code = match end {
                    Ok(end) => end.status_code,
                    Err(bollard::errors::Error::DockerContainerWaitError { code, .. }) => code,
                    Err(error) => return Err(error),
                };
            }
            let options = query::LogsOptionsBuilder::default().stdout(true).stderr(true).build();
            let mut output = String::new();
            let mut lines = self.inner.logs(&made.id, Some(options));
            while let Some(line) = lines.next().await {
                keep(&mut output, &line?);
            }
            Ok::<_, bollard::errors::Error>(Ran { code, output })
        };
        let ran = tokio::time::timeout(limit, work).await;
        let options = query::RemoveContainerOptionsBuilder::default().force(true).build();
        let removed = within(self.inner.remove_container(&made.id, Some(options))).await;
        if let Err(error) = removed {
            tracing::warn!(container = %made.id, %error, "failed to remove a container created by the panel");
        }
        match ran {
            Ok(ran) => ran.map_err(DockerError::from),
            Err(_) => Err(DockerError::new(
                DockerFailure::Timeout,
                format!("timed out after {} s", limit.as_secs()),
            )),
        }
    }

    /// Stops a container; after `patience` it is killed.
    ///
    /// # Errors
    /// As [`DockerError`] tells. One that is stopped already is none.
    pub async fn stop(&self, container: &str, patience: Duration) -> Result<(), DockerError> {
        let seconds = i32::try_from(patience.as_secs()).unwrap_or(i32::MAX);
        let options = query::StopContainerOptionsBuilder::default().t(seconds).build();
        let patient = self.inner.clone().with_timeout(patience + LIMIT);
        settled(patient.stop_container(container, Some(options)).await.map_err(DockerError::from))
    }

    /// Starts a container.
    ///
    /// # Errors
    /// As [`DockerError`] tells. One that runs already is none.
    pub async fn start(&self, container: &str) -> Result<(), DockerError> {
        settled(within(self.inner.start_container(container, None)).await)
    }
}

impl From<bollard::models::ContainerSummary> for Container {
    fn from(found: bollard::models::ContainerSummary) -> Self {
        Self {
            id: found.id.unwrap_or_default(),
            name: plain(found.names.unwrap_or_default().into_iter().next().unwrap_or_default()),
            image: found.image.unwrap_or_default(),
            image_id: found.image_id.unwrap_or_default(),
            state: found.state.map(|state| state.to_string()).unwrap_or_default(),
            labels: found.labels.unwrap_or_default(),
        }
    }
}

impl From<bollard::models::MountPoint> for Mount {
    fn from(mount: bollard::models::MountPoint) -> Self {
        Self {
            kind: mount.typ.map(|kind| kind.to_string()).unwrap_or_default(),
            name: mount.name.unwrap_or_default(),
            source: mount.source.unwrap_or_default(),
            destination: mount.destination.unwrap_or_default(),
            writable: mount.rw.unwrap_or(false),
        }
    }
}

impl From<bollard::models::ContainerInspectResponse> for ContainerDetail {
    fn from(found: bollard::models::ContainerInspectResponse) -> Self {
        let config = found.config.unwrap_or_default();
        let (entrypoint, arguments) = (config.entrypoint.unwrap_or_default(), config.cmd.unwrap_or_default());
        Self {
            id: found.id.unwrap_or_default(),
            name: plain(found.name.unwrap_or_default()),
            image: config.image.unwrap_or_default(),
            image_id: found.image.unwrap_or_default(),
            running: found.state.and_then(|state| state.running).unwrap_or(false),
            working_dir: config.working_dir.unwrap_or_default(),
            mounts: found.mounts.unwrap_or_default().into_iter().map(Mount::from).collect(),
            labels: config.labels.unwrap_or_default(),
            created: found.created.map(|at| at.to_string()).unwrap_or_default(),
            command: entrypoint.into_iter().chain(arguments).collect(),
        }
    }
}

impl From<bollard::models::ImageInspect> for Image {
    fn from(found: bollard::models::ImageInspect) -> Self {
        Self {
            id: found.id.unwrap_or_default(),
            tags: found.repo_tags.unwrap_or_default(),
            digests: found.repo_digests.unwrap_or_default(),
        }
    }
}

/// Where an engine usually listens: what `DOCKER_HOST` says, else Docker's socket, a rootless Docker's, Podman's.
fn usual(
    environment: impl Fn(&str) -> Option<String>,
    exists: impl Fn(&str) -> bool,
) -> Result<String, DockerError> {
    if let Some(host) = environment("DOCKER_HOST").filter(|host| !host.is_empty()) {
        return Ok(host);
    }
    if cfg!(windows) {
        return Ok("npipe:////./pipe/docker_engine".to_owned());
    }
    let mut sockets = vec!["/var/run/docker.sock".to_owned()];
    if let Some(own) = environment("XDG_RUNTIME_DIR").filter(|own| !own.is_empty()) {
        sockets.extend([format!("{own}/docker.sock"), format!("{own}/podman/podman.sock")]);
    }
    sockets.push("/run/podman/podman.sock".to_owned());
    let found = sockets.iter().find(|path| exists(path));
    found.map(|path| format!("unix://{path}")).ok_or_else(|| {
        DockerError::new(
            DockerFailure::NotThere,
            format!("DOCKER_HOST is not set, and none of these exist: {}", sockets.join(", ")),
        )
    })
}

/// "Not modified" means that it is so already.
fn settled(answer: Result<(), DockerError>) -> Result<(), DockerError> {
    match answer {
        Err(error) if error.failure == DockerFailure::Refused(304) => Ok(()),
        other => other,
    }
}

/// Within the time for a question.
async fn within<T>(ask: impl Future<Output = Result<T, bollard::errors::Error>>) -> Result<T, DockerError> {
    match tokio::time::timeout(LIMIT, ask).await {
        Ok(answer) => answer.map_err(DockerError::from),
        Err(_) => {
            Err(DockerError::new(DockerFailure::Timeout, format!("no response within {} s", LIMIT.as_secs())))
        }
    }
}

fn keep(output: &mut String, chunk: &LogOutput) {
    if output.len() < MAX_OUTPUT {
        output.push_str(&chunk.to_string());
    }
}

fn plain(name: String) -> String {
    name.strip_prefix('/').map(str::to_owned).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn the_usual_sockets_are_looked_for_after_what_the_environment_says() {
        let environment = |given: &'static [(&'static str, &'static str)]| {
            move |name: &str| given.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        let only = |wanted: &'static str| move |path: &str| path == wanted;
        let said = environment(&[("DOCKER_HOST", "tcp://far:2376"), ("XDG_RUNTIME_DIR", "/run/user/1")]);
        assert_eq!(usual(said, |_| true).unwrap(), "tcp://far:2376");
        let own = environment(&[("XDG_RUNTIME_DIR", "/run/user/1")]);
        assert_eq!(usual(own, |_| true).unwrap(), "unix:///var/run/docker.sock");
        for there in ["/run/user/1/docker.sock", "/run/user/1/podman/podman.sock", "/run/podman/podman.sock"]
        {
            assert_eq!(usual(own, only(there)).unwrap(), format!("unix://{there}"));
        }
        let none = usual(environment(&[]), |_| false).unwrap_err();
        assert!(none.failure == DockerFailure::NotThere && none.words.contains("/run/podman"), "{none:?}");
    }

    #[test]
    fn a_flag_is_read_in_both_of_its_forms() {
        let command = ["/bin/prometheus", "--a=1", "--bb", "2", "-c=x=y", "--last"];
        let one =
            ContainerDetail { command: command.map(str::to_owned).into(), ..ContainerDetail::default() };
        let read = ["a", "bb", "c", "b", "last", "bin"].map(|name| one.flag(name));
        assert_eq!(read, [Some("1"), Some("2"), Some("x=y"), None, None, None]);
    }
}
