//! The commands. Each is what the contract lists: check, do, answer.

mod backup;
mod checks;
mod deploy;
mod drill;
mod escalation;
mod maintenance;
mod pins;
mod rules;
mod runbook;
mod slo;

use aether_context::{alert_index::links, freshness};
use aether_foundation::author;
use aether_foundation::{text::truncate, web::safe_url};
use std::sync::Arc;

use aether_contract::*;
use secrecy::SecretString;
use serde_json::json;

use super::Panel;
use aether_alerting::alerts;
use aether_context::{
    gauges::{self, grid, history, steps},
    services,
};
use aether_foundation::secrets::{Origin, SecretId, declared};
use aether_foundation::{clock, task::blocking};
use aether_operations::drill::{self as drills, OperatorAction};

impl Panel {
    /// The whole snapshot. Deltas with a higher revision lead on from it.
    ///
    /// # Errors
    /// None.
    #[allow(clippy::unused_async, reason = "every command has the same shape")]
    pub async fn snapshot(&self, _request: Empty) -> Result<Snapshot, PanelError> {
        Ok(self.caps.ctx.publisher.current())
    }

    /// The whole snapshot after a look at every server. Whoever asks for this wants to know whether they answer.
    ///
    /// # Errors
    /// None.
    pub async fn status(&self) -> Result<Snapshot, PanelError> {
        drills::saw(&self.caps.drills, OperatorAction::ServersAsked { how: "status".to_owned() }).await;
        self.refresh_and_wait().await;
        self.snapshot(Empty {}).await
    }

    /// Polls every server soon.
    ///
    /// # Errors
    /// None.
    #[allow(clippy::unused_async, reason = "every command has the same shape")]
    pub async fn refresh(&self, _request: Empty) -> Result<Empty, PanelError> {
        self.caps.ctx.live().wake_all();
        drills::saw(&self.caps.drills, OperatorAction::ServersAsked { how: "refresh".to_owned() }).await;
        Ok(Empty {})
    }

    /// A gauge's history as a figure.
    ///
    /// # Errors
    /// `not-found` for an unknown gauge, `invalid-request` for hours or a style out of range, what Prometheus says.
    pub async fn gauge_figure(&self, request: GaugeFigureRequest) -> Result<GaugeFigure, PanelError> {
        if !(0.25..=720.0).contains(&request.hours) {
            return Err(invalid("gauge_figure", "hours must be 0.25 to 720."));
        }
        let live = self.caps.ctx.live();
        let (spec, end, now) = {
            let state = live.state();
            let gauges = &state.prometheus.gauges;
            let known = gauges.iter().find(|gauge| gauge.gauge.spec.id == request.id);
            let known = known.ok_or_else(|| no_gauge(&request.id))?;
            // What the gauge and the list of tenants show.
            let now = match &request.tenant {
                None => Some(known.gauge.value),
                Some(tenant) => known.tenants.iter().find(|one| one.tenant == *tenant).map(|one| one.value),
            };
            (known.gauge.spec.clone(), state.prometheus.probe.server_now().unwrap_or_else(clock::now), now)
        };
        let (query, name) = match &request.tenant {
            None => (spec.query.clone(), spec.title.clone()),
            Some(tenant) => {
                let split = spec
                    .per_tenant_query
                    .as_ref()
                    .ok_or_else(|| invalid("gauge_figure", "This gauge has no per-tenant breakdown."))?;
                (history::tenant_query(split, &live.profile.tenant_label, tenant), tenant.clone())
            }
        };
        let grid = grid::Grid::new(end, request.hours, history::points_for(&request.style));
        let client = live.clients.prometheus().await?;
        let found = Box::pin(steps::steps(&client, &query, &grid)).await?;
        let (values, style) = (found.one(&grid)?, request.style);
        let mut drawn = blocking(move || history::figure(&spec, &name, &grid, values, &style)).await?;
        drawn.note = found.note();
        if let (true, [one]) = (request.details, found.series.as_slice()) {
            found.add_details(&client, one, &grid, &mut drawn).await;
        }
        drawn.last = now.unwrap_or(drawn.last);
        Ok(drawn)
    }

    /// A gauge's split, a page at a time.
    ///
    /// # Errors
    /// `not-found` for an unknown gauge.
    #[allow(clippy::unused_async, reason = "every command has the same shape")]
    pub async fn gauge_tenants(&self, request: GaugeTenantsRequest) -> Result<GaugeTenantsPage, PanelError> {
        let tenants = {
            let live = self.caps.ctx.live();
            let state = live.state();
            let gauges = &state.prometheus.gauges;
            let known = gauges.iter().find(|gauge| gauge.gauge.spec.id == request.id);
            Arc::clone(&known.ok_or_else(|| no_gauge(&request.id))?.tenants)
        };
        Ok(gauges::tenants_page(&tenants, &request))
    }

    /// A page of alerts.
    ///
    /// # Errors
    /// `invalid-request` when the filter can't be read.
    pub async fn alerts_page(&self, request: AlertsRequest) -> Result<AlertsPage, PanelError> {
        let live = self.caps.ctx.live();
        let (index, freshness, pending) = {
            let state = live.state();
            let (freshness, pending) = freshness::alerts_freshness(&self.caps.ctx, &state);
            (Arc::clone(&state.index), freshness, pending)
        };
        let mut page = blocking(move || alerts::page::page(&index, &request, freshness, pending)).await?;
        self.caps.escalation.annotate(&live.profile.name, &mut page.rows);
        Ok(page)
    }

    /// Writes the alerts that match into a file of the download folder.
    ///
    /// # Errors
    /// `invalid-request` when the filter can't be read, `storage`; as long as no server has answered, why.
    pub async fn alerts_export(&self, request: AlertsExportRequest) -> Result<Exported, PanelError> {
        let live = self.caps.ctx.live();
        let (index, complete, freshness) = {
            let state = live.state();
            let freshness = freshness::alerts_freshness(&self.caps.ctx, &state).0;
            (Arc::clone(&state.index), state.index_complete, freshness)
        };
        if !complete && index.rows.is_empty() {
            // An empty file would say that nothing fires.
            let message = "The alert list has not been loaded yet, so there is nothing to export.";
            let unknown = || PanelError::new(ErrorCode::NotFound, "alerts_export", message);
            return Err(freshness.error().cloned().unwrap_or_else(unknown));
        }
        let caps = Arc::clone(&self.caps);
        blocking(move || {
            let mut rows = alerts::page::all(&index, &request.list)?;
            caps.escalation.annotate(&live.profile.name, &mut rows);
            alerts::export::write(&caps.ctx.home.downloads, &rows, request.format, clock::now())
        })
        .await
    }

    /// Acknowledges an alert, or removes the acknowledgment.
    ///
    /// # Errors
    /// `not-found` for an alert that is not in the list, `invalid-request` for a note that is too long, `storage`.
    pub async fn alert_acknowledge(&self, request: AlertAckRequest) -> Result<AlertRow, PanelError> {
        let note = request.note.map(|note| note.trim().to_owned());
        if note.as_ref().is_some_and(|note| note.chars().count() > 500) {
            return Err(invalid("alert_acknowledge", "A note can have at most 500 characters."));
        }
        let live = self.caps.ctx.live();
        let found = {
            let state = live.state();
            state.index.rows.iter().find(|row| row.fingerprint == request.fingerprint).map(links::for_screen)
        };
        let mut row = found.ok_or_else(|| {
            PanelError::new(ErrorCode::NotFound, "alerts", "This alert is no longer listed.")
        })?;
        let by = author::author(&request.by);
        let detail = alerts::ack::Detail { stack: live.profile.name.clone(), since: row.since, by, note };
        let (id, written, at) = (row.fingerprint.0.clone(), detail.clone(), clock::now());
        self.caps.ctx.journaled(move |journal| alerts::ack::write(journal, &id, &written, at)).await?;
        self.caps.acks.put(&row.fingerprint.0, &detail, at);
        self.caps.escalation.annotate(&live.profile.name, std::slice::from_mut(&mut row));
        {
            let mut state = live.state();
            state.alerts_revision = state.alerts_revision.wrapping_add(1);
        }
        self.caps.ctx.publish();
        if row.ack.is_some() {
            let what = OperatorAction::AlertTaken { name: row.name.clone(), tenant: row.tenant.clone() };
            drills::saw(&self.caps.drills, what).await;
        }
        Ok(row)
    }

    /// One alert in full.
    ///
    /// # Errors
    /// `not-found` for an alert that is not in the list, `invalid-request` for hours or a style out of range.
    pub async fn alert_detail(&self, request: AlertDetailRequest) -> Result<AlertDetail, PanelError> {
        let live = self.caps.ctx.live();
        let detail = Box::pin(alerts::detail::detail(&live, &request)).await?;
        let opened = if request.refresh {
            None
        } else {
            let state = live.state();
            let row = state.index.rows.iter().find(|row| row.fingerprint == request.fingerprint);
            row.map(|row| OperatorAction::AlertOpened { name: row.name.clone(), tenant: row.tenant.clone() })
        };
        if let Some(what) = opened {
            drills::saw(&self.caps.drills, what).await;
        }
        Ok(detail)
    }

    /// What has fired.
    ///
    /// # Errors
    /// `invalid-request` for a range or filter that is none, `storage`.
    pub async fn alert_history(&self, request: AlertHistoryRequest) -> Result<AlertHistoryPage, PanelError> {
        let caps = Arc::clone(&self.caps);
        blocking(move || caps.history.page(&caps.ctx.live(), &request)).await
    }

    /// All stacks.
    ///
    /// # Errors
    /// None.
    #[allow(clippy::unused_async, reason = "every command has the same shape")]
    pub async fn stack_list(&self, _request: Empty) -> Result<StackList, PanelError> {
        Ok(self.caps.ctx.stacks.list())
    }

    /// Selects a stack.
    ///
    /// # Errors
    /// `not-found`, `invalid-config`, `storage`.
    pub async fn stack_select(&self, request: StackName) -> Result<StackList, PanelError> {
        let stacks = Arc::clone(&self.caps.ctx.stacks);
        blocking(move || stacks.select(&request.name)).await?;
        self.restart();
        Ok(self.caps.ctx.stacks.list())
    }

    /// One stack's profile.
    ///
    /// # Errors
    /// `not-found`, `invalid-config`.
    pub async fn stack_detail(&self, request: StackName) -> Result<StackDetail, PanelError> {
        let stacks = Arc::clone(&self.caps.ctx.stacks);
        blocking(move || stacks.detail(&request.name)).await
    }

    /// Creates or changes a stack's file.
    ///
    /// # Errors
    /// `invalid-request`, `storage`; with `select` those of [`Self::stack_select`].
    pub async fn stack_save(&self, request: StackSaveRequest) -> Result<StackDetail, PanelError> {
        let stacks = Arc::clone(&self.caps.ctx.stacks);
        let detail = blocking(move || {
            let detail = stacks.save(&request)?;
            if request.select {
                stacks.select(&request.name)?;
            }
            Ok(detail)
        })
        .await?;
        if *self.caps.ctx.live().profile != *self.caps.ctx.stacks.active() {
            self.restart();
        } else {
            self.caps.ctx.publish();
        }
        Ok(detail)
    }

    /// Tries an endpoint.
    ///
    /// # Errors
    /// `invalid-request` without an address.
    pub async fn endpoint_test(
        &self,
        request: EndpointTestRequest,
    ) -> Result<EndpointTestReport, PanelError> {
        drills::saw(&self.caps.drills, OperatorAction::ServersAsked { how: "endpoint test".to_owned() })
            .await;
        Box::pin(services::test(&self.caps.ctx, &request)).await
    }

    /// Looks for services on the usual loopback ports.
    ///
    /// # Errors
    /// None.
    pub async fn discover(&self, _request: Empty) -> Result<DiscoverReport, PanelError> {
        Ok(Box::pin(services::discover(&self.caps.ctx)).await)
    }

    /// Which credentials are configured.
    ///
    /// # Errors
    /// None.
    pub async fn secret_status(&self, _request: Empty) -> Result<SecretsStatus, PanelError> {
        let profile = Arc::clone(&self.caps.ctx.live().profile);
        Ok(self.caps.ctx.secrets.status(&profile).await)
    }

    /// Stores a credential and uses it from the next request on.
    ///
    /// # Errors
    /// `invalid-request`, `secret-too-long`, the keyring's codes.
    pub async fn secret_set(&self, request: SecretSetRequest) -> Result<SecretsStatus, PanelError> {
        let id = SecretId::parse(&request.id)?;
        let profile = Arc::clone(&self.caps.ctx.live().profile);
        let secret = SecretString::from(request.secret.expose().to_owned());
        drop(request);
        self.caps.ctx.secrets.set(&profile.name, &id, secret, declared(&profile, id)).await?;
        self.restart();
        self.secret_status(Empty {}).await
    }

    /// Lets a credential be sent to one more server.
    ///
    /// # Errors
    /// `invalid-request` for anything but an origin, `secret-missing`, the keyring's codes.
    pub async fn secret_trust(&self, request: SecretTrustRequest) -> Result<SecretsStatus, PanelError> {
        let id = SecretId::parse(&request.id)?;
        let origin = Origin::parse(&request.origin)?;
        let stack = self.caps.ctx.live().profile.name.clone();
        let detail = json!({"stack": stack, "origin": origin.as_str()});
        let entry = self.caps.ctx.journal_begin(TRUST, &request.id, detail).await?;
        let trusted = self.caps.ctx.secrets.trust(&stack, &id, origin).await;
        let (outcome, result) = match &trusted {
            Ok(()) => ("trusted", json!(null)),
            Err(error) => ("failed", json!({"error": error})),
        };
        self.caps.ctx.journal_complete(entry, outcome, result).await?;
        trusted?;
        self.restart();
        self.secret_status(Empty {}).await
    }

    /// Deletes a credential.
    ///
    /// # Errors
    /// `invalid-request`, `secret-missing`, the keyring's codes.
    pub async fn secret_delete(&self, request: SecretDeleteRequest) -> Result<SecretsStatus, PanelError> {
        let id = SecretId::parse(&request.id)?;
        let stack = self.caps.ctx.live().profile.name.clone();
        self.caps.ctx.secrets.delete(&stack, &id).await?;
        self.restart();
        self.secret_status(Empty {}).await
    }

    /// Settings in force.
    ///
    /// # Errors
    /// None.
    #[allow(clippy::unused_async, reason = "every command has the same shape")]
    pub async fn settings_get(&self, _request: Empty) -> Result<Settings, PanelError> {
        Ok(self.caps.ctx.settings.get())
    }

    /// Changes the settings. New intervals hold from now on.
    ///
    /// # Errors
    /// `invalid-request`, `storage`.
    pub async fn settings_set(&self, request: Settings) -> Result<Settings, PanelError> {
        let caps = Arc::clone(&self.caps);
        let settings = blocking(move || caps.ctx.settings.set(request)).await?;
        self.caps.ctx.live().wake_all();
        self.caps.ctx.publish();
        Ok(settings)
    }

    /// Facts about this installation.
    ///
    /// # Errors
    /// None.
    #[allow(clippy::unused_async, reason = "every command has the same shape")]
    pub async fn about(&self, _request: Empty) -> Result<About, PanelError> {
        let home = &self.caps.ctx.home;
        let live = self.caps.ctx.live();
        let kept = self.caps.ctx.is_leader(&live);
        Ok(About {
            keeper: if kept { String::new() } else { self.caps.ctx.leader.other().unwrap_or_default() },
            version: env!("CARGO_PKG_VERSION").to_owned(),
            config_dir: home.config.display().to_string(),
            data_dir: home.data.display().to_string(),
            log_dir: home.logs.display().to_string(),
        })
    }

    /// Opens a page in the browser.
    ///
    /// # Errors
    /// `invalid-request` for anything but http and https.
    pub async fn open_link(&self, request: OpenLinkRequest) -> Result<Empty, PanelError> {
        let url = safe_url(&request.url)
            .ok_or_else(|| invalid("open_link", "Only HTTP and HTTPS addresses can be opened."))?;
        let host = Arc::clone(&self.caps.ctx.host);
        blocking(move || host.open_url(&url)).await?;
        Ok(Empty {})
    }

    /// Restarts with the current profile and credentials.
    fn restart(&self) {
        self.caps.ctx.restart();
        let caps = Arc::clone(&self.caps);
        tokio::spawn(async move { caps.ctx.refresh_secret_status().await });
    }
}

/// The journal's kind for a server that a credential may be sent to from now on.
const TRUST: &str = "secret-trust";

fn invalid(source: &str, message: &str) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, source, message)
}

fn no_gauge(id: &str) -> PanelError {
    let id = truncate(id, 80);
    PanelError::new(ErrorCode::NotFound, "gauges", format!("This stack has no gauge \"{id}\"."))
}
