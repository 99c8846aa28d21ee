//! What a drill does to the servers of the simulator, and how it takes that back.

use std::{fs, path::Path};

use serde_json::json;

use super::{DrillScenario, Pace, Running, SimulatorState, Start};
use crate::{SimError, model::Scenario};

/// How long an alert has to last at a short pace.
const SHORT_FOR: &str = "15s";
/// Windows of rates in the pack's rules, and the one that takes their place at a short pace: four scrapes.
const WINDOWS: [&str; 2] = ["[15m]", "[5m]"];
const SHORT_WINDOW: &str = "[1m]";

impl SimulatorState {
    /// Makes it up.
    pub(super) async fn begin(&self, drill: &mut Running) -> Result<(), SimError> {
        let Start { scenario, tenant, pace, .. } = drill.start.clone();
        // What the demo has made up itself would be in the way.
        self.service.set_scenario(Scenario::Healthy, None);
        if scenario == DrillScenario::PrometheusDown {
            self.prometheus.lock().await.stop().await;
            return Ok(());
        }
        if pace == Pace::Short {
            drill.quick = true;
            self.rules(true).await?;
        }
        if scenario == DrillScenario::BadSilence {
            drill.silence = Some(self.silence().await?);
        }
        self.service.set_scenario(scenario.service(), tenant);
        Ok(())
    }

    /// Mends it.
    pub(super) async fn cure(&self, drill: &Running) -> Result<(), SimError> {
        if drill.start.scenario == DrillScenario::PrometheusDown {
            return self.prometheus.lock().await.start().await;
        }
        self.service.set_scenario(Scenario::Healthy, None);
        Ok(())
    }

    /// Puts everything back that the drill has changed; what could not be is said.
    pub(super) async fn put_back(&self, drill: &Running) -> Vec<String> {
        let mut problems = Vec::new();
        if !drill.cured
            && let Err(error) = self.cure(drill).await
        {
            problems.push(error.to_string());
        }
        if let Some(id) = &drill.silence
            && let Err(error) = self.unsilence(id).await
        {
            problems.push(error.to_string());
        }
        if drill.quick
            && let Err(error) = self.rules(false).await
        {
            problems.push(error.to_string());
        }
        problems
    }

    /// Has Prometheus run the pack's rules, or copies that look at one minute and whose alerts need seconds.
    async fn rules(&self, quick: bool) -> Result<(), SimError> {
        let config = &self.files.config;
        let read = |path: &Path| fs::read_to_string(path).map_err(SimError::file(path));
        let mut text = read(config)?;
        for file in &self.files.rules {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let copy = config.with_file_name(format!("drill-{name}"));
            let (of_pack, of_drill) = (file.display().to_string(), copy.display().to_string());
            text = if quick {
                fs::write(&copy, quickened(&read(file)?)).map_err(SimError::file(&copy))?;
                text.replace(&of_pack, &of_drill)
            } else {
                text.replace(&of_drill, &of_pack)
            };
        }
        fs::write(config, text).map_err(SimError::file(config))?;
        let url = format!("{}/-/reload", self.stack.prometheus);
        self.answered(self.client.post(url)).await.map(drop)
    }

    /// A silence that hides everything, as a deploy tool in a hurry makes it.
    async fn silence(&self) -> Result<String, SimError> {
        let now = jiff::Timestamp::now();
        let end = now + jiff::SignedDuration::from_hours(4);
        let body = json!({
            "matchers": [{ "name": "alertname", "value": ".+", "isRegex": true, "isEqual": true }],
            "startsAt": now.to_string(), "endsAt": end.to_string(),
            "createdBy": "deploy-bot", "comment": "Rolling deploy v2.3.0",
        });
        let url = format!("{}/api/v2/silences", self.stack.alertmanager);
        let reply = self.answered(self.client.post(url).json(&body)).await?;
        let made: serde_json::Value =
            serde_json::from_str(&reply).map_err(|e| SimError::Other(format!("the silence: {e}")))?;
        made["silenceID"]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| SimError::Other(format!("silence not created: {reply}")))
    }

    /// Ends it, unless somebody has.
    async fn unsilence(&self, id: &str) -> Result<(), SimError> {
        let url = format!("{}/api/v2/silence/{id}", self.stack.alertmanager);
        let known = self.answered(self.client.get(&url)).await?;
        if known.contains("\"expired\"") {
            return Ok(());
        }
        self.answered(self.client.delete(&url)).await.map(drop)
    }

    async fn answered(&self, request: reqwest::RequestBuilder) -> Result<String, SimError> {
        let other = |e: reqwest::Error| SimError::Other(e.to_string());
        let reply = request.send().await.map_err(other)?;
        let (status, url) = (reply.status(), reply.url().clone());
        let text = reply.text().await.map_err(other)?;
        if status.is_success() { Ok(text) } else { Err(SimError::Other(format!("{url}: {status}: {text}"))) }
    }
}

/// Rules with shorter windows and another `for`; everything else as it is.
fn quickened(rules: &str) -> String {
    let line = |line: &str| match line.split_once("for:") {
        Some((indent, _)) if indent.trim().is_empty() => format!("{indent}for: {SHORT_FOR}\n"),
        _ => WINDOWS.iter().fold(format!("{line}\n"), |line, window| line.replace(window, SHORT_WINDOW)),
    };
    rules.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_rules_are_the_packs_but_for_how_far_they_look_and_how_long_they_wait() {
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../monitoring");
        let changed = |name: &str| {
            let text = fs::read_to_string(pack.join(name)).unwrap();
            let quick = quickened(&text);
            assert_eq!(text.lines().count(), quick.lines().count());
            let pairs: Vec<(String, String)> = text
                .lines()
                .zip(quick.lines())
                .filter(|(a, b)| a != b)
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
                .collect();
            assert!(!quick.contains("[15m]") && !quick.contains("[5m]"), "{quick}");
            pairs
        };
        let alerts = changed("prometheus-alerts.yml");
        let waits = alerts.iter().filter(|(_, after)| after.trim() == "for: 15s").count();
        assert_eq!(waits, 5, "one an alert: {alerts:?}");
        let windows = alerts.iter().filter(|(before, after)| before.contains("m]") && after.contains("[1m]"));
        assert_eq!(windows.count(), 5, "a guard an alert: {alerts:?}");
        let rules = changed("prometheus-recording-rules.yml");
        assert!(rules.len() >= 12 && rules.iter().all(|(_, after)| after.contains("[1m]")), "{rules:?}");
    }
}
