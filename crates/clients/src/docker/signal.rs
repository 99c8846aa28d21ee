//! A signal to what runs in a container: how a server is told to read its files where it has no API for that.

use bollard::query_parameters as query;

use super::{Docker, DockerError, within};

impl Docker {
    /// Sends a signal, e.g. `SIGHUP`, to the first program of a running container.
    ///
    /// # Errors
    /// As [`DockerError`] tells; [`DockerFailure::Refused`](super::DockerFailure::Refused) with 409 for one
    /// that does not run.
    pub async fn signal(&self, container: &str, signal: &str) -> Result<(), DockerError> {
        let options = query::KillContainerOptionsBuilder::default().signal(signal).build();
        within(self.inner.kill_container(container, Some(options))).await
    }
}
