//! The commands about rules.

use std::sync::Arc;

use aether_contract::*;

use crate::Panel;
use aether_operations::runbook::Library;
use aether_rules::{change, files, inspect, links, list, promtool, prove};

impl Panel {
    /// Every rule of the server, against what is expected.
    ///
    /// # Errors
    /// Prometheus' codes.
    pub async fn rules_list(&self, _request: Empty) -> Result<RulesReport, PanelError> {
        list::report(&self.caps.rules, &self.caps.ctx.live()).await
    }

    /// One rule: its sides and its value over time.
    ///
    /// # Errors
    /// As [`inspect::look`].
    pub async fn rule_detail(&self, request: RuleDetailRequest) -> Result<RuleDetail, PanelError> {
        Box::pin(inspect::look(&self.caps.rules, &self.caps.ctx.live(), request)).await
    }

    /// What changing rules in the pack's files would do.
    ///
    /// # Errors
    /// As [`change::plan`].
    pub async fn rules_plan(&self, request: RulesChange) -> Result<RulesPlan, PanelError> {
        change::plan(&self.caps.ctx.live(), &request, &self.runbook_texts().await?).await
    }

    /// The stack's runbooks: they may repeat the values of rules.
    async fn runbook_texts(&self) -> Result<Vec<change::Page>, PanelError> {
        let live = self.caps.ctx.live();
        super::blocking(move || Ok(Library::read(&live.profile).texts())).await
    }

    /// Changes rules in the pack's files, and has the server run them.
    ///
    /// # Errors
    /// As [`change::apply`].
    pub async fn rules_apply(&self, request: RulesApplyRequest) -> Result<RulesApplied, PanelError> {
        let backups = Arc::clone(&self.caps.backups);
        let safety_copy: change::SafetyCopy =
            Box::new(move |request| Box::pin(aether_backup::create::create(backups, request)));
        let pages = self.runbook_texts().await?;
        self.effect(change::apply(Arc::clone(&self.caps.rules), request, pages, safety_copy)).await
    }

    /// Has Prometheus read its files again.
    ///
    /// # Errors
    /// As [`change::reload`].
    pub async fn rules_reload(&self, _request: Empty) -> Result<RulesApplied, PanelError> {
        self.effect(change::reload(Arc::clone(&self.caps.rules))).await
    }

    /// Asks the runbook links of alerts over the network.
    ///
    /// # Errors
    /// Prometheus' codes.
    pub async fn rules_links(&self, request: RuleLinksRequest) -> Result<RuleLinks, PanelError> {
        links::look(&self.caps.rules, &self.caps.ctx.live(), request.again).await
    }
}

/// What a shell asks for besides the commands.
impl Panel {
    /// A number in any form that PromQL has: `.80`, `1_000`, `0x1F`, `1h30m`, `7 * 24 * 3600`. None for anything else.
    pub fn number(text: &str) -> Option<f64> {
        aether_foundation::promql::comparisons::constant(text).filter(|number| number.is_finite())
    }

    /// Judges rule files; asks no server.
    ///
    /// # Errors
    /// As [`files::lint`].
    pub async fn lint_rule_files(
        &self,
        paths: Vec<std::path::PathBuf>,
        may_be_empty: bool,
    ) -> Result<RulesLint, PanelError> {
        let live = self.caps.ctx.live();
        let (mut found, sources) =
            super::blocking(move || files::lint(&paths, &live.profile, may_be_empty)).await?;
        promtool::settle(&mut found, &sources).await;
        prove::prove(&mut found.groups).await;
        Ok(found)
    }
}
