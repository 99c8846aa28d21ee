//! What a person has to be told although they are not looking: new critical and VIP alerts, their end, a
//! server that is lost, a window about to end. Pure: what happened goes in, notices come out.
//!
//! Refuses to be noise: what is silenced, inhibited or muted is never told, many at once are one notice, there
//! is a limit an hour part, and quiet hours.

use std::collections::{HashMap, HashSet, VecDeque};

use aether_contract::{
    AlertRow, AlertState, EscalationClock, Freshness, Level, MaintenanceWindow, Notice, PinsSummary, Quiet,
    ServiceStatus, Severity, Silence, SilenceFinding, SilenceState, Timestamp, WindowPhase,
};
use aether_foundation::matching::title;

/// Most notices within [`SPAN_MS`]; what comes on top is counted and told with the next one.
const MOST: usize = 6;
const SPAN_MS: i64 = 600_000;
/// A window that ends within this is about to end.
const SOON_MS: i64 = 300_000;
/// A server is lost when it has not answered for this long and for this many of its intervals: one answer may fail.
const LOST_MS: i64 = 30_000;
const LOST_INTERVALS: i64 = 3;
/// Names in a notice about several alerts.
const NAMED: usize = 4;

/// What can be seen now.
pub struct Observation<'a> {
    /// The alerts, and whether that list is the newest.
    pub rows: &'a [AlertRow],
    /// Whether `rows` can be trusted.
    pub fresh: bool,
    /// The services.
    pub services: &'a [ServiceStatus],
    /// Maintenance windows that are not over.
    pub windows: &'a [MaintenanceWindow],
    /// What they and all silences come to.
    pub quiet: &'a Quiet,
    /// The alert that always fires.
    pub heartbeat: Option<&'a str>,
    /// All silences.
    pub silences: &'a [Silence],
    /// What is odd about some of them.
    pub findings: &'a [SilenceFinding],
    /// The version pins.
    pub pins: Option<&'a PinsSummary>,
    /// Clocks of escalation.
    pub escalations: &'a [EscalationClock],
}

/// When to keep quiet.
#[derive(Debug, Clone, Copy, Default)]
pub struct NotificationPolicy {
    /// Whether notifications are enabled.
    pub on: bool,
    /// Quiet hours, in minutes after local midnight; equal values mean never.
    pub quiet: (u32, u32),
    /// Minutes after midnight now, local time.
    pub minute: u32,
}

impl NotificationPolicy {
    fn quiet(self) -> bool {
        let (from, until) = self.quiet;
        match from.cmp(&until) {
            std::cmp::Ordering::Equal => false,
            std::cmp::Ordering::Less => (from..until).contains(&self.minute),
            // Over midnight.
            std::cmp::Ordering::Greater => self.minute >= from || self.minute < until,
        }
    }
}

#[derive(Clone)]
struct Known {
    name: String,
    tenant: Option<String>,
}

/// What has been seen and told.
#[derive(Default)]
pub struct Notifier {
    /// Loud alerts of weight, by fingerprint; none before the first list.
    alerts: Option<HashMap<String, Known>>,
    lost: HashSet<&'static str>,
    answered: HashSet<&'static str>,
    ending: HashSet<(String, Timestamp)>,
    /// Silences that have been seen; none before the first list.
    silences: Option<HashSet<String>>,
    /// Windows that members have lost, and that was told.
    missing: HashSet<String>,
    /// Services that drift, with the look that showed it first and whether it was told; none before the first look.
    drifts: Option<HashMap<String, (Timestamp, bool)>>,
    /// Deadlines of escalation that were told.
    called: HashSet<(String, Timestamp)>,
    /// Since when it is looked: a deadline before that is on the screen, and no news.
    watched: Option<Timestamp>,
    told: VecDeque<Timestamp>,
    withheld: u32,
}

impl Notifier {
    /// Looks; returns what has to be told.
    pub fn look(
        &mut self,
        sight: &Observation<'_>,
        manners: NotificationPolicy,
        now: Timestamp,
    ) -> Vec<Notice> {
        let mut notices = Vec::new();
        if sight.fresh {
            notices.extend(self.alerts(sight));
            notices.extend(self.silences(sight));
        }
        notices.extend(self.services(sight.services, now));
        notices.extend(self.windows(sight.windows, sight.quiet, now));
        notices.extend(sight.pins.map(|pins| self.pins(pins)).unwrap_or_default());
        notices.extend(self.escalations(sight.escalations, now));
        // What happened in quiet hours is seen, and not told afterwards either: the list shows it.
        if !manners.on || manners.quiet() {
            return Vec::new();
        }
        self.limited(notices, now)
    }

    fn alerts(&mut self, sight: &Observation<'_>) -> Vec<Notice> {
        let loud = |row: &&AlertRow| {
            row.state == AlertState::Firing
                && (row.severity == Severity::Critical || row.vip)
                && sight.heartbeat != Some(row.name.as_str())
        };
        let now: HashMap<String, &AlertRow> =
            sight.rows.iter().filter(loud).map(|row| (row.fingerprint.0.clone(), row)).collect();
        let keep = |row: &AlertRow| Known { name: title(&row.name, &row.labels), tenant: row.tenant.clone() };
        let next = now.iter().map(|(id, row)| (id.clone(), keep(row))).collect();
        let Some(before) = self.alerts.replace(next) else { return Vec::new() };
        let mut begun: Vec<&AlertRow> =
            now.iter().filter(|(id, _)| !before.contains_key(*id)).map(|(_, row)| *row).collect();
        begun.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.tenant.cmp(&b.tenant)));
        // One that was silenced has not ended.
        let muted: HashSet<&str> = sight
            .rows
            .iter()
            .filter(|row| !matches!(row.state, AlertState::Resolved | AlertState::Pending))
            .map(|row| row.fingerprint.0.as_str())
            .collect();
        let mut ended: Vec<(&String, &Known)> =
            before.iter().filter(|(id, _)| !now.contains_key(*id) && !muted.contains(id.as_str())).collect();
        ended.sort_by(|a, b| a.1.name.cmp(&b.1.name).then_with(|| a.1.tenant.cmp(&b.1.tenant)));
        let mut notices = Vec::new();
        match begun.as_slice() {
            [] => {}
            [row] => {
                let vip = if row.vip { " (VIP)" } else { "" };
                let about = row.tenant.as_ref().map(|tenant| format!(": {tenant}{vip}")).unwrap_or_default();
                let words = row.annotations.get("summary").or_else(|| row.annotations.get("description"));
                notices.push(Notice {
                    level: Level::Critical,
                    title: format!("{}{about}", title(&row.name, &row.labels)),
                    text: words.cloned().unwrap_or_else(|| "The alert is firing.".to_owned()),
                    screen: "alerts".to_owned(),
                    filter: filter(&row.name),
                });
            }
            several => notices.push(Notice {
                level: Level::Critical,
                title: format!("{} alerts are firing", several.len()),
                text: list(
                    several.iter().map(|row| said(&title(&row.name, &row.labels), row.tenant.as_deref())),
                ),
                screen: "alerts".to_owned(),
                filter: String::new(),
            }),
        }
        if !ended.is_empty() {
            let title = match ended.as_slice() {
                [(_, one)] => format!("Resolved: {}", said(&one.name, one.tenant.as_deref())),
                several => format!("{} alerts resolved", several.len()),
            };
            let text = list(ended.iter().map(|(_, one)| said(&one.name, one.tenant.as_deref())));
            notices.push(Notice {
                level: Level::Ok,
                title,
                text,
                screen: "alerts".to_owned(),
                filter: String::new(),
            });
        }
        notices
    }

    fn services(&mut self, services: &[ServiceStatus], now: Timestamp) -> Vec<Notice> {
        let mut notices = Vec::new();
        for service in services {
            let kind = service.kind.as_str();
            match &service.freshness {
                Freshness::Fresh { .. } => {
                    self.answered.insert(kind);
                    if self.lost.remove(kind) {
                        notices.push(plain(
                            Level::Ok,
                            format!("{} is reachable again", service.title),
                            String::new(),
                        ));
                    }
                }
                // Only a service that responded before can be lost; one that never responded is shown on
                // screen only.
                Freshness::Stale { at, error }
                    if self.answered.contains(kind)
                        && now.millis_since(*at)
                            > LOST_MS.max(i64::from(service.interval_s) * 1000 * LOST_INTERVALS)
                        && self.lost.insert(kind) =>
                {
                    let title = format!("{} is unreachable", service.title);
                    notices.push(plain(Level::Critical, title, error.message.clone()));
                }
                _ => {}
            }
        }
        notices
    }

    fn windows(&mut self, windows: &[MaintenanceWindow], quiet: &Quiet, now: Timestamp) -> Vec<Notice> {
        self.ending.retain(|(_, end)| *end > now);
        let mut notices = Vec::new();
        for window in windows {
            let unknown =
                window.members.iter().any(|member| member.state.is_none() && member.error.is_empty());
            // Gossip takes a moment.
            let settled = now.millis_since(window.starts_at) > LOST_MS;
            let lost = window.phase == WindowPhase::Lost || (window.phase == WindowPhase::Partial && unknown);
            if !lost {
                self.missing.remove(&window.id.0);
            } else if settled && self.missing.insert(window.id.0.clone()) {
                notices.push(Notice {
                    level: Level::Critical,
                    title: format!(
                        "{} missing in Alertmanager",
                        if window.maintenance { "Maintenance window" } else { "Silence" }
                    ),
                    text: format!(
                        "{} – alerts are no longer muted. You can recreate the window.",
                        window.reason
                    ),
                    screen: "maintenance".to_owned(),
                    filter: String::new(),
                });
            }
            let on = matches!(window.phase, WindowPhase::Verified | WindowPhase::Partial);
            let left = window.ends_at.millis_since(now);
            // Another window keeps alerts muted.
            let goes_on = window.maintenance && quiet.until.is_some_and(|until| until > window.ends_at);
            let what = if window.maintenance { "Maintenance" } else { "Silence" };
            // A short one was started a moment ago.
            let long = window.ends_at.millis_since(window.starts_at) > 2 * SOON_MS;
            if on
                && long
                && !goes_on
                && left > 0
                && left <= SOON_MS
                && self.ending.insert((window.id.0.clone(), window.ends_at))
            {
                let minutes = left / 60_000 + 1;
                notices.push(Notice {
                    level: Level::Warn,
                    title: format!("{what} ends in {minutes} min"),
                    text: format!("{} – alerts will no longer be muted.", window.reason),
                    screen: "maintenance".to_owned(),
                    filter: String::new(),
                });
            }
        }
        notices
    }

    /// Escalations due now. Each deadline is notified once: when due, and when overdue. One that passes while its alert
    /// is muted is notified when it is audible again.
    fn escalations(&mut self, clocks: &[EscalationClock], now: Timestamp) -> Vec<Notice> {
        let watched = *self.watched.get_or_insert(now);
        let running: HashSet<&str> = clocks.iter().map(|clock| clock.id.as_str()).collect();
        self.called.retain(|(id, _)| running.contains(id.as_str()));
        let mut due = Vec::new();
        for clock in clocks.iter().filter(|clock| !clock.is_settled() && !clock.muted && clock.due_at <= now)
        {
            let last = clock.latest_at <= now;
            let deadline = if last { clock.latest_at } else { clock.due_at };
            if deadline >= watched && self.called.insert((clock.id.clone(), deadline)) {
                due.push(clock);
            }
        }
        let whom = |clock: &EscalationClock| {
            let mail = Some(&clock.contact.mail).filter(|mail| !mail.is_empty());
            let mail = mail.map(|mail| format!(" ({mail})")).unwrap_or_default();
            format!("{}: call {}{mail}", said(&clock.title, clock.tenant.as_deref()), clock.contact.name)
        };
        let title = match due.as_slice() {
            [] => return Vec::new(),
            [one] => format!("Call {}", one.contact.name),
            several => format!("{} escalations are due", several.len()),
        };
        vec![Notice {
            level: Level::Critical,
            title,
            text: list(due.iter().map(|clock| whom(clock))),
            screen: "overview".to_owned(),
            filter: String::new(),
        }]
    }

    /// Silences created outside the panel; each is notified once, with its problems.
    fn silences(&mut self, sight: &Observation<'_>) -> Vec<Notice> {
        let active = sight.silences.iter().filter(|silence| silence.state != SilenceState::Expired);
        let now: HashSet<String> = active.clone().map(|silence| silence.id.clone()).collect();
        let Some(before) = self.silences.replace(now) else { return Vec::new() };
        let new: Vec<&Silence> =
            active.filter(|silence| silence.window.is_none() && !before.contains(&silence.id)).collect();
        let odd = |silence: &Silence| sight.findings.iter().find(|finding| finding.silence_id == silence.id);
        let level = if new.iter().any(|silence| odd(silence).is_some()) { Level::Warn } else { Level::None };
        let text = |silence: &Silence| {
            let matchers: Vec<String> =
                silence.matchers.iter().map(aether_foundation::matching::matcher::text).collect();
            let more = odd(silence).map(|finding| format!(" {}", finding.text)).unwrap_or_default();
            format!("{}: {}.{more}", silence.created_by, matchers.join(", "))
        };
        let title = match new.as_slice() {
            [] => return Vec::new(),
            [_] => "A silence was created outside the panel".to_owned(),
            several => format!("{} silences were created outside the panel", several.len()),
        };
        vec![Notice {
            level,
            title,
            text: list(new.iter().map(|silence| text(silence))),
            screen: "maintenance".to_owned(),
            filter: String::new(),
        }]
    }

    /// A service that no longer runs what it is pinned to, once two looks have shown it: a container that is
    /// being made anew is gone for a moment. What drifts when the panel starts is on its screen and no news.
    fn pins(&mut self, pins: &PinsSummary) -> Vec<Notice> {
        let Some(at) = pins.at else { return Vec::new() };
        let first = self.drifts.is_none();
        let known = self.drifts.take().unwrap_or_default();
        let mut next = HashMap::new();
        let mut new = Vec::new();
        for one in pins.services.iter().filter(|one| one.drift) {
            let (since, told) = known.get(&one.service).copied().unwrap_or((at, first));
            let tell = !told && since != at;
            if tell {
                new.push(one);
            }
            next.insert(one.service.clone(), (since, told || tell));
        }
        self.drifts = Some(next);
        let title = match new.as_slice() {
            [] => return Vec::new(),
            [one] => format!("{}: version drift", one.service),
            several => format!("{} services have version drift", several.len()),
        };
        vec![Notice {
            level: Level::Warn,
            title,
            text: list(new.iter().map(|one| one.words.clone())),
            screen: "versions".to_owned(),
            filter: String::new(),
        }]
    }

    fn limited(&mut self, notices: Vec<Notice>, now: Timestamp) -> Vec<Notice> {
        while self.told.front().is_some_and(|at| now.millis_since(*at) > SPAN_MS) {
            self.told.pop_front();
        }
        let mut out = Vec::new();
        for mut notice in notices {
            if self.told.len() >= MOST {
                self.withheld += 1;
                continue;
            }
            if self.withheld > 0 {
                notice.text = format!("{} (and {} more recently)", notice.text, self.withheld);
                self.withheld = 0;
            }
            self.told.push_back(now);
            out.push(notice);
        }
        out
    }
}

fn plain(level: Level, title: String, text: String) -> Notice {
    Notice { level, title, text, screen: "overview".to_owned(), filter: String::new() }
}

fn said(name: &str, tenant: Option<&str>) -> String {
    tenant.map_or_else(|| name.to_owned(), |tenant| format!("{name}, {tenant}"))
}

fn list(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let mut text = names.take(NAMED).collect::<Vec<_>>().join("; ");
    if more > 0 {
        text.push_str(&format!("; and {more} more"));
    }
    text
}

fn filter(name: &str) -> String {
    aether_foundation::matching::matcher::text(&aether_contract::Matcher {
        name: "alertname".to_owned(),
        value: name.to_owned(),
        is_regex: false,
        is_equal: true,
    })
}

#[cfg(test)]
mod tests;
