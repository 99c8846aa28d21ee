//! The commands about rules.

use aether_contract::*;

use crate::{
    panel::Panel,
    rules::{list, look},
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
