//! Services: their status for the frame, trying an endpoint, looking for services on this machine.

use std::sync::Arc;

use aether_clients::{Alertmanager, Auth, ClientError, Endpoint, Grafana, Prometheus, Reply};
use aether_contract::{
    AuthSpec, DiscoverReport, DiscoveredService, EndpointSpec, EndpointTestReport, EndpointTestRequest,
    EndpointTestResult, ErrorCode, Freshness, MemberStatus, PanelError, ServiceKind, ServiceStatus,
};

use crate::{
    Context,
    clients::endpoint,
    session::{Probe, SessionState},
};
use aether_foundation::{clock, secrets::is_exposed, stack::Profile};

/// Most addresses that one test tries.
const MAX_TESTED: usize = 32;

/// All services of the profile, in fixed order.
pub fn all(ctx: &Context, profile: &Profile, state: &SessionState) -> Vec<ServiceStatus> {
    let one = |kind: ServiceKind, urls: &[String], probe: &Probe| {
        let probes = urls.first().map(|url| (url.as_str(), probe)).into_iter().collect();
        status(ctx, profile, kind, probes)
    };
    let members = state.members.iter().map(|member| (member.url.as_str(), &member.probe)).collect();
    let mut grafana = one(ServiceKind::Grafana, &profile.grafana.urls, &state.grafana.probe);
    if !grafana.web_url.is_empty() && !profile.dashboard_uid.is_empty() {
        grafana.web_url = format!("{}/d/{}", grafana.web_url.trim_end_matches('/'), profile.dashboard_uid);
    }
    vec![
        one(ServiceKind::Prometheus, &profile.prometheus.urls, &state.prometheus.probe),
        status(ctx, profile, ServiceKind::Alertmanager, members),
        grafana,
    ]
}

fn status(ctx: &Context, profile: &Profile, kind: ServiceKind, probes: Vec<(&str, &Probe)>) -> ServiceStatus {
    let web_url = profile.web_url(kind);
    let spec = profile.endpoint(kind);
    let interval = ctx.interval(kind);
    let members: Vec<MemberStatus> = probes
        .iter()
        .map(|(url, probe)| MemberStatus {
            url: plain_url(url),
            freshness: probe.shown(interval, kind),
            version: probe.version.clone(),
            latency_ms: probe.latency_ms,
            clock_offset_ms: probe.clock_offset_ms,
            credentials_exposed: exposes_credentials(spec, url),
        })
        .collect();
    let freshness: Vec<Freshness> = members.iter().map(|member| member.freshness.clone()).collect();
    let versions: Vec<&Option<String>> = probes.iter().map(|(_, probe)| &probe.version).collect();
    let agree = versions.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    ServiceStatus {
        kind,
        title: kind.title().to_owned(),
        freshness: together(&freshness),
        version: versions.first().filter(|_| agree).and_then(|version| (*version).clone()),
        flavour: probes.first().and_then(|(_, probe)| probe.flavour.clone()),
        web_url: web_url
            .map(str::to_owned)
            .or_else(|| members.first().map(|member| member.url.clone()))
            .unwrap_or_default(),
        interval_s: u32::try_from(interval.as_secs()).unwrap_or(u32::MAX),
        next_poll: probes.iter().filter_map(|(_, probe)| probe.next_poll).min(),
        members,
    }
}

/// Whether `spec` sends credentials to `url` over plain HTTP to another machine.
fn exposes_credentials(spec: &EndpointSpec, url: &str) -> bool {
    spec.auth != AuthSpec::None && url::Url::parse(url).is_ok_and(|url| is_exposed(&url))
}

/// An address without user and password. The client refuses such an address; it must not be shown either.
fn plain_url(text: &str) -> String {
    match url::Url::parse(text) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.to_string()
        }
        _ => text.to_owned(),
    }
}

/// The freshness of a whole: fresh while one member is.
pub fn together(members: &[Freshness]) -> Freshness {
    let newest = |wanted: fn(&Freshness) -> bool| {
        members.iter().filter(|f| wanted(f)).max_by_key(|f| f.last_good()).cloned()
    };
    newest(Freshness::is_fresh)
        .or_else(|| newest(|f| matches!(f, Freshness::Stale { .. })))
        // One that failed says more than one that has not answered yet, but only when all have had their turn.
        .or_else(|| newest(|f| matches!(f, Freshness::Loading)))
        .or_else(|| newest(|f| matches!(f, Freshness::Never { .. })))
        .unwrap_or(Freshness::Absent)
}

/// What a server said about itself.
struct ServerInfo {
    version: Option<String>,
    flavour: Option<String>,
    latency_ms: u32,
    clock_offset_ms: Option<i32>,
    notes: Vec<String>,
}

fn greeting<T>(reply: &Reply<T>, version: Option<String>, flavour: Option<String>) -> ServerInfo {
    ServerInfo {
        version: version.filter(|version| !version.is_empty()),
        flavour,
        latency_ms: clock::latency_ms(reply.latency),
        clock_offset_ms: clock::offset(reply.date, reply.received, reply.latency),
        notes: Vec::new(),
    }
}

/// Asks a server who it is and whether it does what the panel needs of it.
async fn greet(service: ServiceKind, endpoint: Endpoint) -> Result<ServerInfo, PanelError> {
    let to_panel = |error: ClientError| error.to_panel(service);
    let with_credentials = !matches!(endpoint.auth, Auth::None);
    match service {
        ServiceKind::Prometheus => {
            let client = Prometheus::new(endpoint).map_err(to_panel)?;
            let reply = client.build_info().await.map_err(to_panel)?;
            // Build information may be open where queries are not.
            client.instant("vector(1)", None).await.map_err(to_panel)?;
            let mut greeting = greeting(&reply, reply.value.version.clone(), reply.value.flavour.clone());
            if let Err(error) = client.alerts().await {
                greeting.notes.push(format!("Pending alerts are unavailable: {}", to_panel(error).message));
            }
            Ok(greeting)
        }
        ServiceKind::Alertmanager => {
            let client = Alertmanager::new(endpoint).map_err(to_panel)?;
            let reply = client.status().await.map_err(to_panel)?;
            Ok(greeting(&reply, Some(reply.value.version.clone()), None))
        }
        ServiceKind::Grafana => {
            let client = Grafana::new(endpoint).map_err(to_panel)?;
            let reply = client.health().await.map_err(to_panel)?;
            let mut greeting = greeting(&reply, reply.value.version.clone(), None);
            if with_credentials {
                client.check_credentials().await.map_err(to_panel)?;
            } else {
                greeting
                    .notes
                    .push("No credentials are configured, so only health and version are read.".to_owned());
            }
            Ok(greeting)
        }
    }
}

/// Tries every address of an endpoint.
///
/// # Errors
/// `invalid-request` when there is no address, or too many.
pub async fn test(ctx: &Context, request: &EndpointTestRequest) -> Result<EndpointTestReport, PanelError> {
    let urls = &request.endpoint.urls;
    if urls.is_empty() || urls.len() > MAX_TESTED {
        return Err(PanelError::new(
            ErrorCode::InvalidRequest,
            request.service.as_str(),
            format!("Enter 1 to {MAX_TESTED} addresses."),
        ));
    }
    let tests = urls.iter().map(|url| test_one(ctx, request, url));
    Ok(EndpointTestReport { results: futures_util::future::join_all(tests).await })
}

async fn test_one(ctx: &Context, request: &EndpointTestRequest, url: &str) -> EndpointTestResult {
    let mut result = EndpointTestResult {
        url: plain_url(url),
        ok: false,
        version: None,
        flavour: None,
        latency_ms: None,
        clock_offset_ms: None,
        error: None,
        notes: Vec::new(),
    };
    let service = request.service;
    let profile = Arc::clone(&ctx.live().profile);
    let greeting = async {
        let endpoint = endpoint(&request.endpoint, url, service, &profile, &ctx.secrets).await?;
        greet(service, endpoint).await
    };
    match Box::pin(greeting).await {
        Ok(greeting) => {
            result.ok = true;
            result.version = greeting.version;
            result.flavour = greeting.flavour;
            result.latency_ms = Some(greeting.latency_ms);
            result.clock_offset_ms = greeting.clock_offset_ms;
            result.notes = greeting.notes;
            if exposes_credentials(&request.endpoint, url) {
                result.notes.push("Credentials are sent unencrypted (plain HTTP).".to_owned());
            }
            if request.endpoint.auth != AuthSpec::None && Box::pin(open_to_all(ctx, request, url)).await {
                result.notes.push(
                    "The server also responds without credentials, so they were not verified.".to_owned(),
                );
            }
            let limit = crate::services::MAX_OFFSET_MS.unsigned_abs();
            if let Some(offset) = greeting.clock_offset_ms.filter(|offset| offset.unsigned_abs() > limit) {
                result.notes.push(crate::services::offset_text(service, offset));
            }
        }
        Err(error) => result.error = Some(error),
    }
    result
}

/// Whether the server answers the same without credentials, so that their acceptance says nothing.
async fn open_to_all(ctx: &Context, request: &EndpointTestRequest, url: &str) -> bool {
    let mut spec = request.endpoint.clone();
    spec.auth = AuthSpec::None;
    let profile = Arc::clone(&ctx.live().profile);
    let Ok(endpoint) = endpoint(&spec, url, request.service, &profile, &ctx.secrets).await else {
        return false;
    };
    match request.service {
        // Grafana's health is open to all anyway; what counts is whether the search is.
        ServiceKind::Grafana => match Grafana::new(endpoint) {
            Ok(client) => client.check_credentials().await.is_ok(),
            Err(_) => false,
        },
        other => greet(other, endpoint).await.is_ok(),
    }
}

/// Looks on the usual loopback ports. `AETHER_DISCOVER_PORTS` (numbers separated by commas, each tried for every
/// service) replaces them.
pub async fn discover(ctx: &Context) -> DiscoverReport {
    let candidates = candidates(std::env::var("AETHER_DISCOVER_PORTS").ok().as_deref());
    let mut tried: Vec<String> = candidates.iter().map(|(_, url)| url.clone()).collect();
    tried.dedup();
    let found = futures_util::future::join_all(candidates.into_iter().map(|(service, url)| async move {
        let spec = EndpointSpec::default();
        let profile = Arc::clone(&ctx.live().profile);
        let mut endpoint = endpoint(&spec, &url, service, &profile, &ctx.secrets).await.ok()?;
        endpoint.timeout = std::time::Duration::from_secs(2);
        endpoint.connect_timeout = std::time::Duration::from_secs(1);
        let greeting = Box::pin(greet(service, endpoint)).await.ok()?;
        Some(DiscoveredService { service, url, version: greeting.version })
    }))
    .await;
    DiscoverReport { found: found.into_iter().flatten().collect(), tried }
}

fn candidates(ports: Option<&str>) -> Vec<(ServiceKind, String)> {
    let url = |port: u16| format!("http://localhost:{port}");
    let all = [ServiceKind::Prometheus, ServiceKind::Alertmanager, ServiceKind::Grafana];
    match ports {
        None => all.into_iter().zip([9090, 9093, 3000]).map(|(service, port)| (service, url(port))).collect(),
        Some(ports) => ports
            .split(',')
            .filter_map(|port| port.trim().parse::<u16>().ok())
            .take(32)
            .flat_map(|port| all.map(|service| (service, url(port))))
            .collect(),
    }
}

/// A clock that is off by this much makes silences begin at the wrong time and ages lie.
pub const MAX_OFFSET_MS: i32 = 5_000;

/// A clock offset in words, without digits that change with every answer.
pub fn offset_text(service: ServiceKind, offset_ms: i32) -> String {
    let size = match offset_ms.unsigned_abs() / 1000 {
        0..=9 => "more than 5 seconds",
        10..=59 => "more than 10 seconds",
        60..=3599 => "minutes",
        _ => "more than an hour",
    };
    let direction = if offset_ms > 0 { "ahead of" } else { "behind" };
    format!(
        "The clock of {} is {size} {direction} this machine's. Check time synchronization on both; \
         windows follow the server's clock.",
        service.title()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_contract::Timestamp;

    #[test]
    fn a_whole_is_fresh_while_one_member_answers() {
        let error = PanelError::new(ErrorCode::Refused, "alertmanager", "no");
        let fresh = Freshness::Fresh { at: Timestamp(5) };
        let stale = |at| Freshness::Stale { at: Timestamp(at), error: error.clone() };
        let never = Freshness::Never { error: error.clone() };
        assert_eq!(together(&[never.clone(), fresh.clone(), stale(9)]), fresh);
        assert_eq!(together(&[stale(3), never.clone(), stale(4)]), stale(4));
        assert_eq!(together(&[never.clone(), Freshness::Loading]), Freshness::Loading);
        assert_eq!(together(std::slice::from_ref(&never)), never);
        assert_eq!(together(&[]), Freshness::Absent);
    }

    #[test]
    fn ports_can_be_named_for_tests() {
        assert_eq!(candidates(None).len(), 3);
        let named = candidates(Some("4001, x,4002"));
        assert_eq!(named.len(), 6);
        assert_eq!(named[0], (ServiceKind::Prometheus, "http://localhost:4001".to_owned()));
    }

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        assert_eq!(plain_url("http://me:secret@host/x"), "http://host/x");
        assert_eq!(plain_url("http://host:9090"), "http://host:9090");
    }
}
