//! The commands about guided deploys.

use std::sync::Arc;

use aether_contract::*;

use crate::Panel;
use aether_operations::deploy;

impl Panel {
    /// Begins a deploy.
    ///
    /// # Errors
    /// As [`deploy::begin`].
    pub async fn deploy_start(&self, request: DeployStartRequest) -> Result<DeployRun, PanelError> {
        self.effect(deploy::begin(Arc::clone(&self.caps.deploys), request)).await
    }

    /// Does a step of a deploy, or skips it.
    ///
    /// # Errors
    /// As [`deploy::step`].
    pub async fn deploy_step(&self, request: DeployStepRequest) -> Result<DeployRun, PanelError> {
        self.effect(deploy::step(Arc::clone(&self.caps.deploys), request)).await
    }

    /// Gives a deploy up.
    ///
    /// # Errors
    /// As [`deploy::give_up`].
    pub async fn deploy_abandon(&self, request: DeployAbandonRequest) -> Result<DeployRun, PanelError> {
        self.effect(deploy::give_up(Arc::clone(&self.caps.deploys), request)).await
    }

    /// Deploys of the stack.
    ///
    /// # Errors
    /// `storage`.
    pub async fn deploy_runs(&self, _request: Empty) -> Result<DeployRuns, PanelError> {
        Ok(DeployRuns { runs: deploy::read::runs(&self.caps.ctx, &self.caps.ctx.live()).await? })
    }
}
