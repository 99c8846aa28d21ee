//! `aether-sim`: the demo stack or its parts. Each prints one line of JSON when it is ready and ends on Ctrl+C, on
//! SIGTERM, and when its standard input is closed.
#![allow(clippy::print_stdout, reason = "the ready line is this program's output")]

use std::{io::Read as _, net::SocketAddr, path::PathBuf, process::ExitCode};

use aether_sim::{
    SimError,
    demo::{DemoOptions, DemoStack},
    grafana::{Grafana, GrafanaOptions},
    model::Scenario,
    service::{ScenarioChange, Service, ServiceOptions},
};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(version, about = "AetherLink demo stack and its parts")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prometheus, Alertmanager and Blackbox exporter on the pack's files, the simulated service, the Grafana stand-in
    Demo {
        /// Folder for what is kept between runs
        #[arg(long)]
        dir: PathBuf,
        /// The panel's home (AETHER_HOME); the profile `demo` is written there
        #[arg(long)]
        home: PathBuf,
        /// The monitoring pack
        #[arg(long, default_value = "monitoring")]
        pack: PathBuf,
    },
    /// The simulated AetherLink API alone
    Service {
        /// Address to listen on
        #[arg(long, default_value = "127.0.0.1:8000")]
        listen: SocketAddr,
        /// Allow an address that other machines can reach, for containers that ask the service
        #[arg(long)]
        allow_network: bool,
        /// Seed of the noise
        #[arg(long, default_value_t = 2024)]
        seed: u64,
    },
    /// The Grafana stand-in alone
    Grafana {
        /// Folder for its state
        #[arg(long)]
        dir: PathBuf,
        /// Port; a free one when none is given
        #[arg(long)]
        port: Option<u16>,
        /// Path that it is served under, e.g. /grafana
        #[arg(long, default_value = "")]
        base_path: String,
        /// Version that it speaks like
        #[arg(long, default_value = "11.2.0")]
        version: String,
        /// Number of the organization that the credentials belong to
        #[arg(long, default_value_t = 1)]
        org: u32,
        /// Number of the stack in Grafana Cloud
        #[arg(long)]
        cloud: Option<u32>,
    },
    /// Switch what happens at a running service: healthy, cold-cache, low-confidence-vip, rerank-runaway,
    /// no-traffic, down
    Scenario {
        /// The scenario
        name: String,
        /// Only this tenant
        #[arg(long)]
        tenant: Option<String>,
        /// Address of the service
        #[arg(long, default_value = "http://127.0.0.1:8000")]
        url: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_env_filter("warn").init();
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("aether-sim: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<(), SimError> {
    match command {
        Command::Demo { dir, home, pack } => {
            let options = DemoOptions { folder: dir, home, pack };
            tokio::select! {
                stack = DemoStack::start(&options) => {
                    let stack = stack?;
                    println!("{}", serde_json::to_string(&stack.ready).map_err(|e| SimError::Other(e.to_string()))?);
                    asked_to_end().await;
                    stack.stop().await;
                }
                () = asked_to_end() => {}
            }
            Ok(())
        }
        Command::Service { listen, allow_network, seed } => {
            let options =
                ServiceOptions { listen: Some(listen), allow_network, seed, ..ServiceOptions::default() };
            let service = Service::start(options).await?;
            println!("{}", serde_json::json!({"url": service.url()}));
            tokio::select! { () = service.run() => {}, () = asked_to_end() => {} }
            Ok(())
        }
        Command::Grafana { dir, port, base_path, version, org, cloud } => {
            let options = GrafanaOptions { folder: dir, port, base_path, version, pack: None, org, cloud };
            let grafana = Grafana::start(options).await?;
            println!("{}", serde_json::json!({"url": grafana.url(), "token": grafana.token()}));
            asked_to_end().await;
            Ok(())
        }
        Command::Scenario { name, tenant, url } => {
            let scenario = Scenario::parse(&name).ok_or_else(|| {
                let known: Vec<String> =
                    Scenario::ALL.iter().filter_map(|s| serde_json::to_string(s).ok()).collect();
                SimError::Other(format!(
                    "unknown scenario '{name}'; available: {}",
                    known.join(", ").replace('"', "")
                ))
            })?;
            let reply = reqwest::Client::new()
                .post(format!("{}/sim/scenario", url.trim_end_matches('/')))
                .json(&ScenarioChange { scenario, tenant })
                .send()
                .await
                .map_err(|e| SimError::Other(format!("{url}: {e}")))?;
            let ok = reply.status().is_success();
            let text = reply.text().await.unwrap_or_default();
            println!("{}", text.trim());
            if ok { Ok(()) } else { Err(SimError::Other("the service rejected the request".into())) }
        }
    }
}

/// Waits for Ctrl+C, SIGTERM or the end of standard input.
async fn asked_to_end() {
    let (sender, closed) = tokio::sync::oneshot::channel();
    // A thread of its own: reading standard input can't be cancelled, and the runtime must not wait for it.
    std::thread::spawn(move || {
        let mut byte = [0];
        while std::io::stdin().read(&mut byte).is_ok_and(|read| read > 0) {}
        // Nobody listens any more when the end came another way.
        let _ = sender.send(());
    });
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending::<()>().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<()>();
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
        _ = closed => {}
    }
}
