//! Makes Prometheus read its files again: through its lifecycle API, and where that is off by SIGHUP through Docker.
//!
//! The API answers when the files have been read. A signal answers nothing: the server is asked until it says
//! how that went.

use aether_foundation::stack::prometheus_container;
use std::time::Duration;

use aether_clients::{ClientError, Docker, DockerError, Failure, Prometheus, prometheus::RuntimeInfo};
use aether_contract::{ErrorCode, PanelError, ServiceKind};

use aether_foundation::{clock, shell::local, stack::Profile};

/// How long reading its files again may take a server.
pub const RELOAD: Duration = Duration::from_secs(60);
/// How long it may take until the answer to a signal is seen.
const SEEN: Duration = Duration::from_secs(15);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(300);
/// The server tells when it read its files in whole seconds: two readings within one can't be told apart.
const APART_MS: i64 = 1_500;

/// How Prometheus is reloaded.
#[derive(Debug, Clone)]
pub enum ReloadMethod {
    /// `POST /-/reload`.
    Api,
    /// SIGHUP to the container that it runs in.
    Signal(Target),
}

/// The container that Prometheus runs in.
#[derive(Debug, Clone)]
pub struct Target {
    docker: Docker,
    id: String,
    name: String,
}

/// Finds the way, before anything is written: the server answers, and can be told to read its files.
///
/// # Errors
/// Prometheus' codes; `invalid-request` when there is no way, with what to do.
pub async fn way(profile: &Profile, client: &Prometheus) -> Result<ReloadMethod, PanelError> {
    let told = |error: ClientError| error.to_panel(ServiceKind::Prometheus);
    client.build_info().await.map_err(told)?;
    let off = match client.flags().await {
        Ok(flags) => flags.value.get("web.enable-lifecycle").is_some_and(|flag| flag != "true"),
        // One that tells no flags is told to read the files that it has: only so it is known whether it lets
        // itself be told.
        Err(_) => {
            matches!(client.reload(RELOAD).await, Err(error) if error.failure == Failure::Forbidden)
        }
    };
    if off { by_signal(profile).await.map(ReloadMethod::Signal) } else { Ok(ReloadMethod::Api) }
}

async fn by_signal(profile: &Profile) -> Result<Target, PanelError> {
    let Some((host, name)) = prometheus_container(profile) else { return Err(no_way(profile, "")) };
    let told = |error: DockerError| error.to_panel().message.trim_end_matches('.').to_owned();
    let found = async {
        let docker = Docker::connect(&host).map_err(told)?;
        match docker.container(&name).await.map_err(told)? {
            Some(found) if found.running => Ok(Target { docker, id: found.id, name: name.clone() }),
            Some(_) => Err(format!("the container {name} is not running")),
            None => Err(format!("Docker container {name} not found")),
        }
    };
    found.await.map_err(|why: String| no_way(profile, &why))
}

/// What keeps the server from being told, and what to do.
fn no_way(profile: &Profile, why: &str) -> PanelError {
    let message = if why.is_empty() {
        "Prometheus cannot be reloaded: its lifecycle API is disabled.".to_owned()
    } else {
        format!(
            "Prometheus cannot be reloaded: its lifecycle API is disabled, and Docker cannot signal it: \
                {why}."
        )
    };
    let container = profile.pins.iter().find(|pin| pin.service == ServiceKind::Prometheus.as_str());
    let container = container.map_or_else(|| "CONTAINER".to_owned(), |pin| local(&pin.container));
    let engine = if profile.docker_host.is_none() {
        ", set its Docker endpoint in the profile ([docker] host) so that the panel can send SIGHUP"
    } else {
        ""
    };
    let hint = format!(
        "Start it with --web.enable-lifecycle{engine}, or edit the files manually and run: docker kill -s \
            HUP {container}"
    );
    PanelError::new(ErrorCode::InvalidRequest, ServiceKind::Prometheus.as_str(), message).with_hint(hint)
}

/// Finds the way, and tells it.
///
/// # Errors
/// As [`way`] and [`tell`].
pub async fn reload(profile: &Profile, client: &Prometheus) -> Result<ReloadResult, PanelError> {
    let way = way(profile, client).await?;
    tell(profile, client, &way).await
}

/// Tells Prometheus to read its files again, and waits until it has. Answers what it tells of itself since,
/// and how it was told.
///
/// # Errors
/// `server-error` with the parser's words for a broken file, through the API; `rejected` when it says that
/// reading failed after a signal; `unverified` when it does not say that it has read them; `invalid-request`
/// when there is no way; Prometheus' codes. A server that refuses its files goes on with those of before.
pub async fn tell(
    profile: &Profile,
    client: &Prometheus,
    way: &ReloadMethod,
) -> Result<ReloadResult, PanelError> {
    match way {
        ReloadMethod::Signal(target) => signal(client, target).await,
        ReloadMethod::Api => match client.reload(RELOAD).await {
            Ok(()) => Ok(ReloadResult {
                info: client.runtime_info().await.ok().map(|reply| reply.value),
                how: String::new(),
            }),
            // Its flags said otherwise, or a proxy stands before it.
            Err(error) if error.failure == Failure::Forbidden => {
                signal(client, &by_signal(profile).await?).await
            }
            // A proxy before a server that is being restarted.
            Err(error) if matches!(error.failure, Failure::Server(502..=504, _)) => {
                Err(PanelError { code: ErrorCode::Network, ..error.to_panel(ServiceKind::Prometheus) })
            }
            Err(error) => Err(error.to_panel(ServiceKind::Prometheus)),
        },
    }
}

/// What a server that has been told says.
#[derive(Debug, Clone, Default)]
pub struct ReloadResult {
    /// What it tells of itself; none where it does not.
    pub info: Option<RuntimeInfo>,
    /// How it was told, in a sentence; empty through its API.
    pub how: String,
}

async fn signal(client: &Prometheus, target: &Target) -> Result<ReloadResult, PanelError> {
    let told = |error: ClientError| error.to_panel(ServiceKind::Prometheus);
    let before = client.runtime_info().await.map_err(told)?.value;
    if let Some(at) = loaded_at(&before)
        && (0..APART_MS).contains(&(clock::now().0 - at))
    {
        tokio::time::sleep(Duration::from_millis(APART_MS.unsigned_abs())).await;
    }
    target.docker.signal(&target.id, "SIGHUP").await.map_err(|error| error.to_panel())?;
    let until = tokio::time::Instant::now() + SEEN;
    let mut last = None;
    loop {
        match client.runtime_info().await {
            Ok(reply) => match judged(&before, &reply.value) {
                Some(true) => {
                    let how = format!(
                        "The lifecycle API is disabled; sent SIGHUP to container {} instead.",
                        target.name
                    );
                    return Ok(ReloadResult { info: Some(reply.value), how });
                }
                Some(false) => return Err(refused(&target.name)),
                None => last = Some(reply.value),
            },
            // It may be on its way up again.
            Err(error) => tracing::debug!(%error, "no response after the signal"),
        }
        if tokio::time::Instant::now() >= until {
            // It failed before, too: only the time tells that it was no success.
            return Err(match last.and_then(|info| info.reload_config_success) {
                Some(false) => refused(&target.name),
                _ => PanelError::new(
                    ErrorCode::Unverified,
                    ServiceKind::Prometheus.as_str(),
                    format!(
                        "Sent SIGHUP to container {}, but Prometheus has not reported a reload.",
                        target.name
                    ),
                )
                .with_hint(
                    "Check that the profile's Prometheus address leads to this container, and that \
                        Prometheus is its main process.",
                ),
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn refused(container: &str) -> PanelError {
    let words = "Prometheus reports that the reload failed. It keeps running with the previous files.";
    PanelError::new(ErrorCode::Rejected, ServiceKind::Prometheus.as_str(), words)
        .with_hint(format!("See the reason in its log: docker logs --tail 20 {}", local(container)))
}

fn loaded_at(info: &RuntimeInfo) -> Option<i64> {
    info.last_config_time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// What came of a signal, as far as the server tells: the time is that of the last success. None: not known yet. Pure.
fn judged(before: &RuntimeInfo, now: &RuntimeInfo) -> Option<bool> {
    if now.last_config_time != before.last_config_time && now.reload_config_success != Some(false) {
        return Some(true);
    }
    let failed_since =
        now.reload_config_success == Some(false) && before.reload_config_success != Some(false);
    failed_since.then_some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(time: &str, success: Option<bool>) -> RuntimeInfo {
        RuntimeInfo {
            last_config_time: time.into(),
            reload_config_success: success,
            ..RuntimeInfo::default()
        }
    }

    #[test]
    fn what_came_of_a_signal_is_told_by_the_time_of_the_last_success() {
        let before = info("2026-11-28T10:00:00Z", Some(true));
        assert_eq!(judged(&before, &before), None, "not yet");
        assert_eq!(judged(&before, &info("2026-11-28T10:00:09Z", Some(true))), Some(true));
        assert_eq!(judged(&before, &info("2026-11-28T10:00:00Z", Some(false))), Some(false));
        let failing = info("2026-11-28T10:00:00Z", Some(false));
        assert_eq!(judged(&failing, &failing), None, "it failed before, too");
        assert_eq!(judged(&failing, &info("2026-11-28T10:00:09Z", Some(true))), Some(true));
        assert_eq!(judged(&before, &info("2026-11-28T10:00:09Z", None)), Some(true), "an old server");
    }

    #[test]
    fn without_a_way_it_is_told_what_to_do() {
        let mut profile = Profile::builtin();
        let error = no_way(&profile, "");
        assert!(
            error.hint.contains("docker kill -s HUP aether-prom") && error.hint.contains("[docker] host"),
            "{error:?}"
        );
        profile.docker_host = Some("unix:///x".into());
        let error = no_way(&profile, "Docker container aether-prom not found");
        assert!(
            error.message.contains("container aether-prom not found.") && !error.hint.contains("[docker]"),
            "{error:?}"
        );
    }
}
