//! A server's process: started, waited for, stopped, killed, started again on the same port and data.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use tokio::process::{Child, Command};

use crate::SimError;

/// Longest wait for a server to get ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// A log that is longer than this at a start begins anew, in bytes.
const LONGEST_LOG: u64 = 4 << 20;

/// Full path of a program.
///
/// # Errors
/// [`SimError::Missing`], naming Debian's package.
pub fn find(program: &str, package: &'static str) -> Result<PathBuf, SimError> {
    if let Some(named) = named(program) {
        return if named.is_file() {
            Ok(named)
        } else {
            Err(SimError::Missing { program: named.display().to_string(), package })
        };
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .ok_or_else(|| SimError::Missing { program: program.to_owned(), package })
}

/// The program that the environment names in the place of the installed one, for a run against another version.
fn named(program: &str) -> Option<PathBuf> {
    let variable = match program {
        "prometheus" => "AETHER_PROMETHEUS",
        "promtool" => "AETHER_PROMTOOL",
        "alertmanager" | "prometheus-alertmanager" => "AETHER_ALERTMANAGER",
        "amtool" => "AETHER_AMTOOL",
        _ => return None,
    };
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// Full path of the first of these programs that is installed: distributions and the projects' own archives name them
/// differently.
pub(super) fn find_one_of(programs: &[&str], package: &'static str) -> Result<PathBuf, SimError> {
    let (first, others) = programs.split_first().unwrap_or((&"", &[]));
    find(first, package)
        .or_else(|missing| others.iter().find_map(|program| find(program, package).ok()).ok_or(missing))
}

/// Where servers get their ports: below those that systems give to connections (32768 and up on Linux, 49152
/// elsewhere), so that no connection takes one between being found and being used.
const PORTS: std::ops::Range<u16> = 15_000..32_000;

/// A loopback port that is free now, and was not given to anybody else of this process lately.
///
/// # Errors
/// When the system has none.
pub fn free_port() -> Result<u16, SimError> {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let span = u32::from(PORTS.end - PORTS.start);
    // Processes beside each other begin far from each other.
    let begin = std::process::id().wrapping_mul(7_919) % span;
    for _ in PORTS {
        let turn = GIVEN.fetch_add(1, Ordering::Relaxed) % span;
        let Ok(step) = u16::try_from((begin + turn) % span) else { continue };
        let port = PORTS.start + step;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(SimError::Other(format!("no free port from {} to {}", PORTS.start, PORTS.end - 1)))
}

/// A server. It leads a process group of its own, so that Ctrl+C in a terminal reaches only the one who started it, and
/// the whole group is killed when the value is dropped.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
    ready: String,
    url: String,
    child: Option<Child>,
}

impl Server {
    /// Starts it and waits until `ready` (a path) answers 200.
    ///
    /// # Errors
    /// [`SimError::Start`] with the end of its log.
    pub async fn launch(
        name: &'static str,
        program: PathBuf,
        arguments: Vec<String>,
        folder: &Path,
        port: u16,
        ready: &str,
    ) -> Result<Self, SimError> {
        fs::create_dir_all(folder).map_err(SimError::file(folder))?;
        let url = format!("http://127.0.0.1:{port}");
        let mut server = Self {
            name,
            program,
            arguments,
            folder: folder.to_path_buf(),
            ready: format!("{url}{ready}"),
            url,
            child: None,
        };
        server.start().await?;
        Ok(server)
    }

    /// Its address, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file that its output goes to.
    pub fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    /// Its process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Asks it to end and starts it again, on the same port and data.
    ///
    /// # Errors
    /// As [`Self::launch`].
    pub async fn restart(&mut self) -> Result<(), SimError> {
        self.stop().await;
        self.start().await
    }

    /// Starts it (again), on the same port and data; what still runs is killed first.
    ///
    /// # Errors
    /// As [`Self::launch`].
    pub async fn start(&mut self) -> Result<(), SimError> {
        self.kill().await;
        let log = self.log();
        if fs::metadata(&log).is_ok_and(|known| known.len() > LONGEST_LOG) {
            fs::remove_file(&log).map_err(SimError::file(&log))?;
        }
        let out = File::options().create(true).append(true).open(&log).map_err(SimError::file(&log))?;
        let err = out.try_clone().map_err(SimError::file(&log))?;
        // `setpriv` ends the server when this process dies, even by kill -9.
        let mut command = match find("setpriv", "util-linux") {
            Ok(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "TERM", "--"]).arg(&self.program);
                command
            }
            Err(_) => Command::new(&self.program),
        };
        #[cfg(unix)]
        command.process_group(0);
        let child = command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| self.failed(e.to_string()))?;
        self.child = Some(child);
        self.wait().await
    }

    async fn wait(&mut self) -> Result<(), SimError> {
        let client = reqwest::Client::builder()
            .tls_certs_only(std::iter::empty())
            .timeout(Duration::from_secs(2))
            .no_proxy()
            .build()
            .map_err(|e| SimError::Other(e.to_string()))?;
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let answers = client.get(&self.ready).send().await.is_ok_and(|reply| reply.status().is_success());
            // Looked at after the answer: a server that lost its port to another one must not be taken for that one.
            if let Some(child) = &mut self.child
                && let Ok(Some(status)) = child.try_wait()
            {
                return Err(self.failed(format!("exited with {status}: {}", self.last_words())));
            }
            if answers {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(self.failed(format!("not ready after {} s: {}", PATIENCE.as_secs(), self.last_words())))
    }

    fn failed(&self, why: String) -> SimError {
        SimError::Start { name: self.name.to_owned(), why, log: self.log() }
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }

    /// Asks it to end (SIGTERM), waits up to ten seconds, then kills it.
    pub async fn stop(&mut self) {
        if self.signal(false)
            && let Some(child) = &mut self.child
            && tokio::time::timeout(Duration::from_secs(10), child.wait()).await.is_ok()
        {
            self.child = None;
            return;
        }
        self.kill().await;
    }

    /// Ends it at once (SIGKILL): nothing is flushed.
    pub async fn kill(&mut self) {
        self.signal(true);
        if let Some(mut child) = self.child.take() {
            // Fails only when it has ended already.
            let _ = child.kill().await;
        }
    }

    /// Signals the whole group, unless its leader has been waited for: its number may be somebody else's by then.
    #[cfg(unix)]
    fn signal(&self, at_once: bool) -> bool {
        use rustix::process::{Pid, Signal, kill_process_group};
        let signal = if at_once { Signal::KILL } else { Signal::TERM };
        self.pid()
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(Pid::from_raw)
            .is_some_and(|group| kill_process_group(group, signal).is_ok())
    }

    #[cfg(not(unix))]
    fn signal(&self, _at_once: bool) -> bool {
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_named_with_the_debian_package_that_has_it() {
        let error = find("no-such-server", "prometheus").unwrap_err();
        assert_eq!(error.to_string(), "no-such-server is not installed (Debian package prometheus)");
        let error = find_one_of(&["no-such-server", "nor-this"], "prometheus").unwrap_err();
        assert!(error.to_string().starts_with("no-such-server"), "{error}");
        assert!(find_one_of(&["no-such-server", "sh"], "dash").is_ok());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_server_that_ends_at_once_is_an_error_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = vec!["-c".to_owned(), "echo no such flag; exit 3".to_owned()];
        let program = find("sh", "dash").unwrap();
        let error = Server::launch("sh", program, arguments, folder.path(), free_port().unwrap(), "/")
            .await
            .unwrap_err();
        assert!(error.to_string().contains("no such flag"), "{error}");
        assert!(error.to_string().contains("sh.log"), "{error}");
    }

    #[test]
    fn a_port_is_not_given_twice_and_not_while_it_is_taken() {
        let first = free_port().unwrap();
        let _taken = TcpListener::bind(("127.0.0.1", first + 1));
        let next: Vec<u16> = (0..50).map(|_| free_port().unwrap()).collect();
        assert!(!next.contains(&first) && !next.contains(&(first + 1)), "{first}: {next:?}");
        assert!(next.iter().all(|port| PORTS.contains(port)), "{next:?}");
    }
}
