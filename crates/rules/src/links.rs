//! Runbook links checked over the network: on request only, each once, and cached for an hour.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aether_clients::{
    link::{self, Link},
    prometheus::Rule,
};
use aether_contract::{PanelError, RuleLink, RuleLinkState, RuleLinks, ServiceKind};
use futures_util::{StreamExt as _, stream};
use url::Url;

use crate::Rules;
use aether_context::session::StackSession;
use aether_foundation::{
    clock,
    stack::{OwnKind, Profile},
    text::truncate,
};

/// How long an answer is good.
const GOOD: Duration = Duration::from_secs(3600);
/// How long a link may take.
const LIMIT: Duration = Duration::from_secs(10);
/// Links that are asked at a time, and at all.
const AT_ONCE: usize = 4;
const MOST: usize = 200;

/// What is remembered of links.
#[derive(Debug, Default)]
pub struct Links(Mutex<BTreeMap<String, (Instant, RuleLink)>>);

impl Links {
    /// What is known of the links now.
    pub fn known(&self) -> BTreeMap<String, RuleLink> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = all.iter().filter(|(_, (at, _))| at.elapsed() < GOOD);
        fresh.map(|(url, (_, link))| (url.clone(), link.clone())).collect()
    }

    fn keep(&self, link: RuleLink) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (at, _)| at.elapsed() < GOOD);
        all.insert(link.url.clone(), (Instant::now(), link));
    }
}

/// Asks the runbook links of the server's alerts. Those that were asked within the hour are not asked again,
/// unless `again`.
///
/// # Errors
/// Prometheus' codes. A link that does not answer is none.
pub async fn look(
    rules: &Arc<Rules>,
    live: &Arc<StackSession>,
    again: bool,
) -> Result<RuleLinks, PanelError> {
    let client = live.clients.prometheus().await?;
    let groups = client.rules().await.map_err(|error| error.to_panel(ServiceKind::Prometheus))?.value;
    let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for rule in groups.iter().flat_map(|group| &group.rules) {
        let Rule::Alerting(rule) = rule else { continue };
        if let Some(link) = rule.annotations.get("runbook_url").and_then(|link| askable(link)) {
            wanted.entry(link.to_owned()).or_default().insert(rule.name.clone());
        }
    }
    let left_out = wanted.len().saturating_sub(MOST);
    let known = if again { BTreeMap::new() } else { rules.links.known() };
    let trusted = trusted(&live.profile);
    let todo = wanted.keys().take(MOST).filter(|url| !known.contains_key(*url)).cloned();
    let trusted = &trusted;
    let asking: Vec<_> =
        todo.map(|url| async move { told(&url, link::look(&url, trusted, LIMIT).await) }).collect();
    let asked: Vec<RuleLink> = stream::iter(asking).buffer_unordered(AT_ONCE).collect().await;
    let mut found: BTreeMap<String, RuleLink> = known;
    for link in asked {
        rules.links.keep(link.clone());
        found.insert(link.url.clone(), link);
    }
    let named = |(url, rules): (String, BTreeSet<String>)| {
        let link = found.get(&url)?.clone();
        Some(RuleLink { rules: rules.into_iter().collect(), ..link })
    };
    let mut links: Vec<RuleLink> = wanted.into_iter().filter_map(named).collect();
    links.sort_by_key(|link| link.state);
    Ok(RuleLinks { links, left_out: u32::try_from(left_out).unwrap_or(u32::MAX) })
}

/// A link that can be asked: an address, and no template.
fn askable(link: &str) -> Option<&str> {
    let link = link.trim();
    let scheme = link.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    (matches!(scheme.as_deref(), Some("http" | "https")) && !link.contains("{{")).then_some(link)
}

/// The profile's own servers, which may be asked wherever they are.
fn trusted(profile: &Profile) -> Vec<String> {
    let servers = [&profile.prometheus, &profile.alertmanager, &profile.grafana]
        .into_iter()
        .chain(&profile.loki)
        .chain(&profile.blackbox)
        .flat_map(|endpoint| &endpoint.urls)
        .chain(profile.web_urls.values());
    let own = profile.checks.iter().filter_map(|own| match &own.kind {
        OwnKind::Http { url, .. } => Some(url),
        OwnKind::Query { .. } => None,
    });
    servers.chain(own).filter_map(|url| link::server(&Url::parse(url).ok()?)).collect()
}

fn told(url: &str, found: Link) -> RuleLink {
    let (state, words) = match found {
        Link::Alive(status) => (RuleLinkState::Alive, format!("HTTP status {status}.")),
        Link::Dead(status) => (RuleLinkState::Dead, format!("Page not found ({status}).")),
        Link::Closed(status) => {
            (RuleLinkState::Closed, format!("HTTP status {status}: cannot check the page without a login."))
        }
        Link::Unreachable(why) => {
            (RuleLinkState::Unreachable, format!("Unreachable: {}.", truncate(&why, 300)))
        }
        Link::NotAsked(why) => (RuleLinkState::NotAsked, format!("Not checked: {why}.")),
    };
    RuleLink { url: url.to_owned(), state, words, rules: Vec::new(), at: clock::now() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_and_paths_are_not_asked() {
        assert_eq!(askable(" https://x/y#z "), Some("https://x/y#z"));
        assert_eq!(askable("https://x/{{ $labels.job }}"), None);
        assert_eq!(askable("docs/runbooks/a.md"), None);
        assert_eq!(askable("javascript://x"), None);
    }

    #[test]
    fn the_profiles_own_servers_are_trusted_and_no_others_on_their_machine() {
        let trusted = trusted(&Profile::builtin());
        assert_eq!(trusted, ["http://localhost:9090", "http://localhost:9093", "http://localhost:3000"]);
    }
}
