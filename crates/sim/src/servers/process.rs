//! A server's process: started, waited for, stopped, killed, started again on the same port and data.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::process::{Child, Command};

use crate::SimError;

/// Longest wait for a server to get ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// Full path of a program.
///
/// # Errors
/// [`SimError::Missing`], naming Debian's package.
pub fn find(program: &str, package: &'static str) -> Result<PathBuf, SimError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .ok_or_else(|| SimError::Missing { program: program.to_owned(), package })
}

/// A loopback port that is free now.
///
/// # Errors
/// When the system has none.
pub fn free_port() -> Result<u16, SimError> {
    let listener =
        TcpListener::bind("127.0.0.1:0").map_err(|e| SimError::Other(format!("no free port: {e}")))?;
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(|e| SimError::Other(format!("no free port: {e}")))
}

/// A server.
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

    /// Its process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    /// Starts it (again), on the same port and data.
    ///
    /// # Errors
    /// As [`Self::launch`].
    pub async fn start(&mut self) -> Result<(), SimError> {
        self.kill().await;
        let log = self.folder.join(format!("{}.log", self.name));
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
            if let Some(child) = &mut self.child
                && let Ok(Some(status)) = child.try_wait()
            {
                return Err(self.failed(format!("it ended with {status}: {}", self.last_words())));
            }
            if client.get(&self.ready).send().await.is_ok_and(|reply| reply.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(self.failed(format!("not ready after {} s: {}", PATIENCE.as_secs(), self.last_words())))
    }

    fn failed(&self, why: String) -> SimError {
        SimError::Start {
            name: self.name.to_owned(),
            why,
            log: self.folder.join(format!("{}.log", self.name)),
        }
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(self.folder.join(format!("{}.log", self.name))).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(3).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
    }

    /// Asks it to end (SIGTERM), waits up to ten seconds, then kills it.
    pub async fn stop(&mut self) {
        let Some(pid) = self.pid() else { return };
        let asked = Command::new("kill").arg(pid.to_string()).stderr(Stdio::null()).status().await;
        if let (Ok(_), Some(child)) = (asked, &mut self.child)
            && tokio::time::timeout(Duration::from_secs(10), child.wait()).await.is_ok()
        {
            self.child = None;
            return;
        }
        self.kill().await;
    }

    /// Ends it at once (SIGKILL): nothing is flushed.
    pub async fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Fails only when it has ended already.
            let _ = child.kill().await;
        }
    }
}
