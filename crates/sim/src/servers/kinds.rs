//! The servers by kind, with the flags that a test or the demo needs.

use std::{
    fs,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
};

use super::{Server, find, free_port};
use crate::SimError;

macro_rules! kind {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(Server);

        impl Deref for $name {
            type Target = Server;
            fn deref(&self) -> &Server {
                &self.0
            }
        }

        impl DerefMut for $name {
            fn deref_mut(&mut self) -> &mut Server {
                &mut self.0
            }
        }
    };
}

kind!(
    /// Prometheus.
    Prometheus
);
kind!(
    /// One member of Alertmanager.
    Alertmanager
);
kind!(
    /// The Blackbox exporter.
    Blackbox
);
kind!(
    /// VictoriaMetrics, single node.
    VictoriaMetrics
);

/// How Prometheus is started. Admin and lifecycle API are always on.
#[derive(Debug, Clone, Default)]
pub struct PrometheusOptions {
    /// Folder for its configuration, data and log.
    pub folder: PathBuf,
    /// Text of its configuration.
    pub config: String,
    /// More flags.
    pub flags: Vec<String>,
    /// Port; a free one when none is given.
    pub port: Option<u16>,
}

impl Prometheus {
    /// Starts it.
    ///
    /// # Errors
    /// [`SimError`].
    pub async fn launch(options: PrometheusOptions) -> Result<Self, SimError> {
        let program = find("prometheus", "prometheus")?;
        let port = port(options.port)?;
        let folder = &options.folder;
        let config = write(folder, "prometheus.yml", &options.config)?;
        let mut arguments = vec![
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", folder.join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            "--web.enable-admin-api".to_owned(),
            "--web.enable-lifecycle".to_owned(),
        ];
        arguments.extend(options.flags);
        Ok(Self(Server::launch("prometheus", program, arguments, folder, port, "/-/ready").await?))
    }
}

/// How a member of Alertmanager is started.
#[derive(Debug, Clone, Default)]
pub struct AlertmanagerOptions {
    /// Folder for its configuration, data and log.
    pub folder: PathBuf,
    /// Text of its configuration.
    pub config: String,
    /// Port; a free one when none is given.
    pub port: Option<u16>,
    /// Port for gossip; no cluster when none is given.
    pub cluster_port: Option<u16>,
    /// Gossip ports of other members.
    pub peers: Vec<u16>,
    /// More flags.
    pub flags: Vec<String>,
}

impl Alertmanager {
    /// Starts one.
    ///
    /// # Errors
    /// [`SimError`].
    pub async fn launch(options: AlertmanagerOptions) -> Result<Self, SimError> {
        let program = find("prometheus-alertmanager", "prometheus-alertmanager")
            .or_else(|missing| find("alertmanager", "").map_err(|_| missing))?;
        let port = port(options.port)?;
        let folder = &options.folder;
        let config = write(folder, "alertmanager.yml", &options.config)?;
        let cluster = options.cluster_port.map(|port| format!("127.0.0.1:{port}")).unwrap_or_default();
        let mut arguments = vec![
            format!("--config.file={}", config.display()),
            format!("--storage.path={}", folder.join("data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
            format!("--cluster.listen-address={cluster}"),
        ];
        if !cluster.is_empty() {
            arguments.push("--cluster.settle-timeout=2s".to_owned());
            arguments.push("--cluster.pushpull-interval=2s".to_owned());
        }
        arguments.extend(options.peers.iter().map(|port| format!("--cluster.peer=127.0.0.1:{port}")));
        arguments.extend(options.flags);
        Ok(Self(Server::launch("alertmanager", program, arguments, folder, port, "/-/ready").await?))
    }

    /// Starts a cluster of `count` members in folders below `folder`.
    ///
    /// # Errors
    /// [`SimError`].
    pub async fn cluster(folder: &Path, config: &str, count: usize) -> Result<Vec<Self>, SimError> {
        let ports = (0..count).map(|_| free_port()).collect::<Result<Vec<_>, _>>()?;
        let mut members = Vec::new();
        for (index, cluster_port) in ports.iter().enumerate() {
            let peers = ports.iter().copied().filter(|port| port != cluster_port).collect();
            let options = AlertmanagerOptions {
                folder: folder.join(format!("member-{index}")),
                config: config.to_owned(),
                cluster_port: Some(*cluster_port),
                peers,
                ..AlertmanagerOptions::default()
            };
            members.push(Self::launch(options).await?);
        }
        Ok(members)
    }
}

impl Blackbox {
    /// Starts it on the text of its configuration.
    ///
    /// # Errors
    /// [`SimError`].
    pub async fn launch(folder: &Path, config: &str) -> Result<Self, SimError> {
        let program = find("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")?;
        let port = free_port()?;
        let config = write(folder, "blackbox.yml", config)?;
        let arguments = vec![
            format!("--config.file={}", config.display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        Ok(Self(Server::launch("blackbox", program, arguments, folder, port, "/metrics").await?))
    }
}

impl VictoriaMetrics {
    /// Starts it; `scrape` is the text of a Prometheus scrape configuration.
    ///
    /// # Errors
    /// [`SimError`].
    pub async fn launch(folder: &Path, scrape: &str) -> Result<Self, SimError> {
        let program = find("victoria-metrics", "victoria-metrics")?;
        let port = free_port()?;
        let config = write(folder, "scrape.yml", scrape)?;
        let arguments = vec![
            format!("-storageDataPath={}", folder.join("data").display()),
            format!("-httpListenAddr=127.0.0.1:{port}"),
            format!("-promscrape.config={}", config.display()),
            "-retentionPeriod=3".to_owned(),
            "-search.latencyOffset=0s".to_owned(),
        ];
        Ok(Self(Server::launch("victoria-metrics", program, arguments, folder, port, "/health").await?))
    }
}

fn port(wanted: Option<u16>) -> Result<u16, SimError> {
    wanted.map_or_else(free_port, Ok)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, SimError> {
    fs::create_dir_all(folder).map_err(SimError::file(folder))?;
    let file = folder.join(name);
    fs::write(&file, text).map_err(SimError::file(&file))?;
    Ok(file)
}
