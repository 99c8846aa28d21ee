//! The servers by kind, with the flags that a test or the demo needs.

use std::{
    fs,
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
};

use super::{
    Server, free_port,
    process::{find, find_one_of},
};
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
kind!(
    /// vmalert, which evaluates rules for VictoriaMetrics.
    VmAlert
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
    /// Path that it is served under, e.g. `/prometheus`.
    pub prefix: String,
}

impl Prometheus {
    /// Starts it.
    ///
    /// # Errors
    /// [`SimError`].
    pub async fn launch(options: PrometheusOptions) -> Result<Self, SimError> {
        let program = find_one_of(&["prometheus"], "prometheus")?;
        let folder = &options.folder;
        let config = write(folder, "prometheus.yml", &options.config)?;
        let ready = format!("{}/-/ready", options.prefix);
        let server = on_port(options.port, async |port| {
            let mut arguments = vec![
                format!("--config.file={}", config.display()),
                format!("--storage.tsdb.path={}", folder.join("data").display()),
                format!("--web.listen-address=127.0.0.1:{port}"),
                "--web.enable-admin-api".to_owned(),
                "--web.enable-lifecycle".to_owned(),
            ];
            if !options.prefix.is_empty() {
                arguments.push(format!("--web.external-url=http://127.0.0.1:{port}{}", options.prefix));
            }
            arguments.extend(options.flags.iter().cloned());
            Server::launch("prometheus", program.clone(), arguments, folder, port, &ready).await
        });
        Ok(Self(server.await?))
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
        let program = find_one_of(&["prometheus-alertmanager", "alertmanager"], "prometheus-alertmanager")?;
        let folder = &options.folder;
        let config = write(folder, "alertmanager.yml", &options.config)?;
        let cluster = options.cluster_port.map(|port| format!("127.0.0.1:{port}")).unwrap_or_default();
        let server = on_port(options.port, async |port| {
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
            arguments.extend(options.flags.iter().cloned());
            Server::launch("alertmanager", program.clone(), arguments, folder, port, "/-/ready").await
        });
        Ok(Self(server.await?))
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
        let program = find_one_of(
            &["prometheus-blackbox-exporter", "blackbox_exporter"],
            "prometheus-blackbox-exporter",
        )?;
        let config = write(folder, "blackbox.yml", config)?;
        let server = on_port(None, async |port| {
            let arguments = vec![
                format!("--config.file={}", config.display()),
                format!("--web.listen-address=127.0.0.1:{port}"),
            ];
            Server::launch("blackbox", program.clone(), arguments, folder, port, "/metrics").await
        });
        Ok(Self(server.await?))
    }
}

impl VictoriaMetrics {
    /// Starts it; `scrape` is the text of a Prometheus scrape configuration, `rules` the port of the vmalert
    /// that it hands questions for rules and alerts on to.
    ///
    /// # Errors
    /// [`SimError`].
    pub async fn launch(folder: &Path, scrape: &str, rules: u16) -> Result<Self, SimError> {
        let program = find("victoria-metrics", "victoria-metrics")?;
        let port = free_port()?;
        let config = write(folder, "scrape.yml", scrape)?;
        let arguments = vec![
            format!("-storageDataPath={}", folder.join("data").display()),
            format!("-httpListenAddr=127.0.0.1:{port}"),
            format!("-promscrape.config={}", config.display()),
            // Prometheus' own settings may stand in it.
            "-promscrape.config.strictParse=false".to_owned(),
            "-retentionPeriod=3".to_owned(),
            "-search.latencyOffset=0s".to_owned(),
            format!("-vmalert.proxyURL=http://127.0.0.1:{rules}"),
        ];
        Ok(Self(Server::launch("victoria-metrics", program, arguments, folder, port, "/health").await?))
    }
}

impl VmAlert {
    /// Starts it on `port` for rule files, a VictoriaMetrics and an Alertmanager.
    ///
    /// # Errors
    /// [`SimError`].
    pub async fn launch(
        folder: &Path,
        port: u16,
        rules: &[PathBuf],
        metrics: &str,
        alertmanager: &str,
    ) -> Result<Self, SimError> {
        let program = find_one_of(&["vmalert", "vmalert-prod"], "victoria-metrics")?;
        let mut arguments: Vec<String> =
            rules.iter().map(|file| format!("-rule={}", file.display())).collect();
        arguments.extend([
            format!("-datasource.url={metrics}"),
            format!("-remoteWrite.url={metrics}"),
            format!("-remoteRead.url={metrics}"),
            format!("-notifier.url={alertmanager}"),
            format!("-httpListenAddr=127.0.0.1:{port}"),
            "-evaluationInterval=1s".to_owned(),
            "-remoteWrite.flushInterval=1s".to_owned(),
        ]);
        Ok(Self(Server::launch("vmalert", program, arguments, folder, port, "/health").await?))
    }
}

/// Starts a server on the wanted port, or on a free one. Somebody may take a free one before the server does: then
/// another one is tried.
async fn on_port(
    wanted: Option<u16>,
    launch: impl AsyncFn(u16) -> Result<Server, SimError>,
) -> Result<Server, SimError> {
    if let Some(port) = wanted {
        return launch(port).await;
    }
    for _ in 0..2 {
        match launch(free_port()?).await {
            Err(error) if error.port_was_taken() => {}
            done => return done,
        }
    }
    launch(free_port()?).await
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, SimError> {
    fs::create_dir_all(folder).map_err(SimError::file(folder))?;
    let file = folder.join(name);
    fs::write(&file, text).map_err(SimError::file(&file))?;
    Ok(file)
}
