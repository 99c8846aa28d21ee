//! Reads a profile from TOML: every key known, every value checked, every error with its line.
//!
//! What a file leaves out comes from the built-in stack, except addresses and credentials: a forgotten section must
//! never point the panel at another stack's servers. `docs/stack-profile.md` describes each key.

use super::values::{names, query, report, text, to_error};
use crate::web::with_scheme;
use std::path::{Path, PathBuf};

use aether_contract::{EndpointSpec, GaugeSpec, PanelError, ServiceKind, StackSource};
use toml::de::DeTable;

use super::{
    builtin, check,
    endpoint::{self, Place},
    profile::{Pin, Profile},
    section::{At, Problem, Problems, Section},
};

/// Most gauges of one profile: each is a query a poll.
const MAX_GAUGES: usize = 64;

/// Whether a file's `name` may differ from the file's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Naming {
    /// In the folder of profiles: the file's name is the stack's.
    OfTheFile,
    /// A file given by path.
    Free,
}

impl Profile {
    /// Reads a profile from TOML. `path` is named in errors, and relative paths in the profile start from its folder.
    ///
    /// # Errors
    /// `invalid-config`, naming line, key and what is expected; the detail lists everything that is wrong.
    pub fn parse(text: &str, path: &Path) -> Result<Self, PanelError> {
        read(text, path, Naming::Free).map_err(|problems| to_error(&problems, text, path))
    }
}

/// Reads a profile; on failure everything that is wrong, in the order of the file.
pub(super) fn read(text: &str, path: &Path, naming: Naming) -> Result<Profile, Vec<Problem>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return Err(errors
            .iter()
            .map(|error| Problem {
                at: error.span().map_or(0, |span| span.start),
                key: String::new(),
                text: error.message().replace('\n', "; "),
            })
            .collect());
    }
    let mut problems = Problems::default();
    let profile = profile(Section::new("", root.get_ref(), &root.span()), path, naming, &mut problems);
    let problems = problems.sorted();
    if problems.is_empty() { Ok(profile) } else { Err(problems) }
}

fn profile(mut root: Section<'_>, path: &Path, naming: Naming, problems: &mut Problems) -> Profile {
    let place = Place::of(path);
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut profile = builtin::defaults(&stem, StackSource::File { path: path.display().to_string() });

    match root.string("name", problems) {
        Some(name) => {
            if !check::is_name(&name.value) {
                problems.add(name.at, "name", check::NAME_RULE);
            } else if naming == Naming::OfTheFile && name.value != stem {
                problems.add(name.at, "name", format!("expected the file's own name, \"{stem}\""));
            }
            profile.name = name.value;
        }
        None if !root.has("name") && !check::is_name(&stem) => {
            problems.add(0, "name", format!("the file name is not a valid stack name; {}", check::NAME_RULE));
        }
        None => {}
    }
    if let Some(label) = root.string("tenant_label", problems) {
        report(check::label_name(&label.value), &label, "tenant_label", problems);
        profile.tenant_label = label.value;
    }
    if let Some(tenants) = names(&mut root, "vip_tenants", problems) {
        profile.vip_tenants = tenants;
    }
    if let Some(allow) = root.boolean("allow_plain_http", problems) {
        profile.allow_plain_http = allow.value;
    }

    services(&mut root, &mut profile, &place, problems);

    if let Some(mut section) = root.table("docker", problems) {
        if let Some(host) = section.string("host", problems) {
            report(check::docker_host(&host.value), &host, "docker.host", problems);
            profile.docker_host = Some(host.value);
        }
        section.finish(problems);
    }
    if let Some(mut section) = root.table("pack", problems) {
        profile.pack.dir = folder(&mut section, "dir", &place, problems);
        if let Some(files) = names(&mut section, "files", problems) {
            profile.pack.files = files;
        }
        section.finish(problems);
    }
    if let Some(mut section) = root.table("compose", problems) {
        let paths = |names: Option<Vec<String>>| -> Vec<PathBuf> {
            names.unwrap_or_default().iter().map(|name| place.resolve(name)).collect()
        };
        profile.compose.files = paths(names(&mut section, "files", problems));
        profile.compose.env_files = paths(names(&mut section, "env_files", problems));
        profile.compose.profiles = names(&mut section, "profiles", problems).unwrap_or_default();
        section.finish(problems);
    }
    if let Some(mut section) = root.table("backup", problems) {
        profile.backup_dir = folder(&mut section, "dir", &place, problems);
        profile.prometheus_data = folder(&mut section, "prometheus_data", &place, problems);
        profile.require_tsdb =
            section.boolean("require_tsdb", problems).is_some_and(|required| required.value);
        if let Some(packing) = section.string("compress", problems) {
            profile.compress = packing.value == "zstd";
            if !matches!(packing.value.as_str(), "zstd" | "none") {
                problems.add(packing.at, section.path("compress"), "expected \"zstd\" or \"none\"");
            }
        }
        elsewhere(&mut section, &mut profile, problems);
        section.finish(problems);
    }
    if let Some(mut section) = root.table("runbooks", problems) {
        profile.runbooks = folder(&mut section, "dir", &place, problems);
        section.missing("dir", "expected the folder of your custom runbooks", problems);
        section.finish(problems);
    }
    if let Some(mut section) = root.table("drills", problems) {
        profile.simulator = simulator(&mut section, problems);
        section.missing("simulator", "expected the address of the demo simulator", problems);
        section.finish(problems);
    }
    if let Some(mut section) = root.table("expected", problems) {
        if let Some(rules) = names(&mut section, "recording_rules", problems) {
            profile.expected.recording_rules = rules;
        }
        if let Some(alerts) = names(&mut section, "alerts", problems) {
            profile.expected.alerts = alerts;
        }
        section.finish(problems);
    }
    if let Some(mut section) = root.table("heartbeat", problems) {
        profile.heartbeat = text(&mut section, "alertname", 256, problems);
        section.missing("alertname", "expected the heartbeat alert's name", problems);
        section.finish(problems);
    }
    if let Some(section) = root.table("escalation", problems) {
        super::escalation::read(section, &mut profile, problems);
    }
    if let Some(sections) = root.tables("pins", problems) {
        pins(sections, &mut profile, problems);
    }
    if let Some(sections) = root.tables("checks", problems) {
        profile.checks = super::checks::read(sections, &profile.tenant_label, problems);
    }
    if let Some(sections) = root.tables("gauges", problems) {
        gauges(sections, &mut profile, problems);
    }
    root.finish(problems);
    profile
}

fn elsewhere(section: &mut Section<'_>, profile: &mut Profile, problems: &mut Problems) {
    for place in section.strings("elsewhere", problems).unwrap_or_default() {
        report(check::elsewhere(&place.value), &place, "backup.elsewhere", problems);
        profile.elsewhere.places.push(place.value);
    }
    if let Some(endpoint) = section.string("s3_endpoint", problems) {
        report(check::http_url(&endpoint.value), &endpoint, "backup.s3_endpoint", problems);
        profile.elsewhere.s3_endpoint = Some(endpoint.value.trim_end_matches('/').to_owned());
    }
    profile.elsewhere.s3_region = text(section, "s3_region", 64, problems);
    profile.elsewhere.s3_access_key_id = text(section, "s3_access_key_id", 256, problems);
    profile.elsewhere.azure_account = text(section, "azure_account", 64, problems);
    if let Some(copy) = section.boolean("copy_scheduled", problems) {
        profile.elsewhere.copy_scheduled = copy.value;
    }
    let uses = |scheme: &str| profile.elsewhere.places.iter().any(|place| place.starts_with(scheme));
    if uses("s3://") && profile.elsewhere.s3_access_key_id.is_none() {
        section.missing("s3_access_key_id", "expected the access key ID for s3://", problems);
    }
    if uses("az://") && profile.elsewhere.azure_account.is_none() {
        section.missing("azure_account", "expected the storage account for az://", problems);
    }
}

fn services(root: &mut Section<'_>, profile: &mut Profile, place: &Place, problems: &mut Problems) {
    match root.table("prometheus", problems) {
        Some(mut section) => {
            profile.prometheus = endpoint::read(&mut section, "url", place, problems);
            section.missing("url", "expected Prometheus' address", problems);
            web_url(&mut section, ServiceKind::Prometheus, profile, problems);
            section.finish(problems);
        }
        None => {
            let expected = "expected a section [prometheus] with Prometheus' address as `url`";
            root.missing("prometheus", expected, problems);
        }
    }
    if let Some(mut section) = root.table("alertmanager", problems) {
        profile.alertmanager = endpoint::read(&mut section, "urls", place, problems);
        web_url(&mut section, ServiceKind::Alertmanager, profile, problems);
        section.finish(problems);
    }
    if let Some(mut section) = root.table("grafana", problems) {
        profile.grafana = endpoint::read(&mut section, "url", place, problems);
        if let Some(uid) = text(&mut section, "dashboard", 40, problems) {
            profile.dashboard_uid = uid;
        }
        web_url(&mut section, ServiceKind::Grafana, profile, problems);
        section.finish(problems);
    }
    let used = |spec: EndpointSpec| (!spec.urls.is_empty()).then_some(spec);
    if let Some(mut section) = root.table("loki", problems) {
        profile.loki = used(endpoint::read(&mut section, "url", place, problems));
        section.finish(problems);
    }
    if let Some(mut section) = root.table("blackbox", problems) {
        profile.blackbox = used(endpoint::read(&mut section, "url", place, problems));
        section.finish(problems);
    }
}

fn web_url(section: &mut Section<'_>, service: ServiceKind, profile: &mut Profile, problems: &mut Problems) {
    if let Some(mut url) = section.string("web_url", problems) {
        url.value = with_scheme(&url.value);
        report(check::http_url(&url.value), &url, &section.path("web_url"), problems);
        profile.web_urls.insert(service, url.value);
    }
}

fn pins(sections: Vec<Section<'_>>, profile: &mut Profile, problems: &mut Problems) {
    let known = std::mem::take(&mut profile.pins);
    for mut section in sections {
        let place = section.at;
        let service = text(&mut section, "service", 128, problems);
        let container = text(&mut section, "container", 128, problems);
        let image = text(&mut section, "image", 512, problems);
        let optional = section.boolean("optional", problems);
        let base = known.iter().find(|pin| Some(&pin.service) == service.as_ref());
        section.missing("service", "expected the service name in the Compose file", problems);
        if service.is_some() && base.is_none() {
            section.missing("container", "required for a service that is not part of the pack", problems);
            section.missing("image", "required for a service that is not part of the pack", problems);
        }
        section.finish(problems);
        let Some(service) = service else { continue };
        if profile.pins.iter().any(|pin| pin.service == service) {
            problems.add(place, "pins.service", format!("\"{service}\" is pinned twice"));
            continue;
        }
        let container = container.or_else(|| base.map(|pin| pin.container.clone()));
        let image = image.or_else(|| base.map(|pin| pin.image.clone()));
        let optional = optional.map_or(base.is_some_and(|pin| pin.optional), |given| given.value);
        if let (Some(container), Some(image)) = (container, image) {
            profile.pins.push(Pin { service, container, image, optional });
        }
    }
}

fn gauges(sections: Vec<Section<'_>>, profile: &mut Profile, problems: &mut Problems) {
    let known = std::mem::take(&mut profile.gauges);
    let known_notes = std::mem::take(&mut profile.note_queries);
    for (index, mut section) in sections.into_iter().enumerate() {
        let place = section.at;
        if index == MAX_GAUGES {
            problems.add(place, "gauges", format!("expected at most {MAX_GAUGES} gauges"));
            return;
        }
        let Some(id) = section.string("id", problems) else {
            section.missing("id", "expected an ID such as \"cache-hit-ratio\"", problems);
            continue;
        };
        if !check::is_name(&id.value) {
            problems.add(id.at, "gauges.id", check::NAME_RULE);
        }
        if profile.gauges.iter().any(|gauge| gauge.id == id.value) {
            problems.add(id.at, "gauges.id", format!("\"{}\" is already the ID of another gauge", id.value));
        }
        let base = known.iter().find(|gauge| gauge.id == id.value);
        let note = query(&mut section, "note_query", &profile.tenant_label, problems)
            .or_else(|| known_notes.get(&id.value).filter(|_| !section.has("query")).cloned());
        let gauge = gauge(&mut section, &id.value, base, &profile.tenant_label, problems);
        section.finish(problems);
        if let Some(note) = note {
            profile.note_queries.insert(id.value, note);
        }
        profile.gauges.push(gauge);
    }
}

fn gauge(
    section: &mut Section<'_>,
    id: &str,
    base: Option<&GaugeSpec>,
    tenant_label: &str,
    problems: &mut Problems,
) -> GaugeSpec {
    let own_query = query(section, "query", tenant_label, problems);
    let per_tenant_query = query(section, "per_tenant_query", tenant_label, problems).or_else(|| {
        // A split by another query than the gauge's own would be another number.
        base.filter(|_| !section.has("query")).and_then(|base| base.per_tenant_query.clone())
    });
    let optional_text = |section: &mut Section<'_>, key, max, problems: &mut Problems| {
        let found = section.string(key, problems)?;
        if !found.value.is_empty() {
            report(check::text(&found.value, max), &found, &section.path(key), problems);
        }
        Some(found.value)
    };
    let warn = section.number("warn", problems);
    let critical = section.number("critical", problems);
    if base.is_none() {
        section.missing("warn", format!("expected a threshold for gauge \"{id}\""), problems);
        section.missing("critical", format!("expected a threshold for gauge \"{id}\""), problems);
        section.missing("query", format!("expected a PromQL expression for gauge \"{id}\""), problems);
    }
    let place = |found: &Option<At<f64>>, fallback: usize| found.as_ref().map_or(fallback, |found| found.at);
    let min = section.number("min", problems);
    let max = section.number("max", problems);
    let (min_at, critical_at) =
        (place(&min, place(&max, section.at)), place(&critical, place(&warn, section.at)));
    let given_thresholds = (warn.is_some() || base.is_some()) && (critical.is_some() || base.is_some());
    let number = |found: Option<At<f64>>, inherited: Option<f64>, default: f64| {
        found.map(|found| found.value).or(inherited).unwrap_or(default)
    };
    let gauge = GaugeSpec {
        id: id.to_owned(),
        title: text(section, "title", 80, problems)
            .or_else(|| base.map(|base| base.title.clone()))
            .unwrap_or_else(|| id.to_owned()),
        unit: optional_text(section, "unit", 16, problems)
            .or_else(|| base.map(|base| base.unit.clone()))
            .unwrap_or_default(),
        window: optional_text(section, "window", 32, problems)
            .or_else(|| base.map(|base| base.window.clone()))
            .unwrap_or_default(),
        min: number(min, base.map(|base| base.min), 0.0),
        max: number(max, base.map(|base| base.max), 100.0),
        warn: number(warn, base.map(|base| base.warn), 0.0),
        critical: number(critical, base.map(|base| base.critical), 0.0),
        higher_is_better: section
            .boolean("higher_is_better", problems)
            .map(|found| found.value)
            .or_else(|| base.map(|base| base.higher_is_better))
            .unwrap_or(false),
        query: own_query.or_else(|| base.map(|base| base.query.clone())).unwrap_or_default(),
        per_tenant_query,
    };
    if gauge.min >= gauge.max {
        let found = format!("expected `min` below `max`, found {} and {}", gauge.min, gauge.max);
        problems.add(min_at, section.path("min"), found);
    }
    let ordered =
        if gauge.higher_is_better { gauge.warn >= gauge.critical } else { gauge.warn <= gauge.critical };
    if given_thresholds && !ordered {
        let order = if gauge.higher_is_better {
            "with higher_is_better = true, expected `critical` at or below `warn`"
        } else {
            "with higher_is_better = false, expected `critical` at or above `warn`"
        };
        let found = format!("{order}, found warn {} and critical {}", gauge.warn, gauge.critical);
        problems.add(critical_at, section.path("critical"), found);
    }
    gauge
}

fn folder(
    section: &mut Section<'_>,
    key: &'static str,
    place: &Place,
    problems: &mut Problems,
) -> Option<PathBuf> {
    let found = section.string(key, problems)?;
    report(check::text(&found.value, 4096), &found, &section.path(key), problems);
    Some(place.resolve(&found.value))
}

/// The simulator that drills are run by. It is on this machine, or it is none.
fn simulator(section: &mut Section<'_>, problems: &mut Problems) -> Option<url::Url> {
    let found = section.string("simulator", problems)?;
    let url = url::Url::parse(&found.value).ok();
    let url = url.filter(|url| url.scheme() == "http" && aether_clients::is_loopback(url));
    if url.is_none() {
        problems.add(
            found.at,
            section.path("simulator"),
            "expected an HTTP address on this machine, such as \"http://127.0.0.1:8001\": drills run in a \
                demo stack only",
        );
    }
    url
}
