//! The commands about rules.

use std::sync::Arc;

use aether_contract::*;

use crate::{
    panel::Panel,
    rules::{change, links, list, look},
};

impl Panel {
    /// Every rule of the server, against what is expected.
    ///
    /// # Errors
    /// Prometheus' codes.
    pub async fn rules_list(&self, _request: Empty) -> Result<RulesReport, PanelError> {
        list::report(&self.core, &self.core.live()).await
    }

    /// One rule: its sides and its value over time.
    ///
    /// # Errors
    /// As [`look::look`].
    pub async fn rule_detail(&self, request: RuleDetailRequest) -> Result<RuleDetail, PanelError> {
        Box::pin(look::look(&self.core, &self.core.live(), request)).await
    }

    /// What changing rules in the pack's files would do.
    ///
    /// # Errors
    /// As [`change::plan`].
    pub async fn rules_plan(&self, request: RulesChange) -> Result<RulesPlan, PanelError> {
        change::plan(&self.core.live(), &request).await
    }

    /// Changes rules in the pack's files, and has the server run them.
    ///
    /// # Errors
    /// As [`change::apply`].
    pub async fn rules_apply(&self, request: RulesApplyRequest) -> Result<RulesApplied, PanelError> {
        self.effect(change::apply(Arc::clone(&self.core), request)).await
    }

    /// Has Prometheus read its files again.
    ///
    /// # Errors
    /// As [`change::reload`].
    pub async fn rules_reload(&self, _request: Empty) -> Result<RulesApplied, PanelError> {
        self.effect(change::reload(Arc::clone(&self.core))).await
    }

    /// Asks the runbook links of alerts over the network.
    ///
    /// # Errors
    /// Prometheus' codes.
    pub async fn rules_links(&self, request: RuleLinksRequest) -> Result<RuleLinks, PanelError> {
        links::look(&self.core, &self.core.live(), request.again).await
    }
}

/// What a shell asks for besides the commands.
impl Panel {
    /// Judges rule files; asks no server.
    ///
    /// # Errors
    /// As [`list::lint_files`].
    pub async fn lint_rule_files(
        &self,
        files: Vec<std::path::PathBuf>,
    ) -> Result<Vec<RuleGroupView>, PanelError> {
        let live = self.core.live();
        super::blocking(move || list::lint_files(&files, &live.profile)).await
    }
}
