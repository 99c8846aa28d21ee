//! Reading silences from every member, and reading an effect back until all of them show it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aether_clients::{Reply, alertmanager::AmSilence};
use aether_contract::{ErrorCode, PanelError, ServiceKind, WindowId};

use aether_context::session::StackSession;
use aether_context::window_tag::read_comment;

const SERVICE: ServiceKind = ServiceKind::Alertmanager;

/// Members gossip within a second or so; a window that is not everywhere after this long is partial.
const DEADLINE: Duration = Duration::from_secs(10);

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(250);

/// What one member answered.
pub struct MemberRead {
    /// Its place in the profile.
    pub index: usize,
    /// Its silences.
    pub silences: Result<Reply<Vec<AmSilence>>, PanelError>,
}

/// All silences of one member.
///
/// # Errors
/// Why it did not answer.
pub async fn read_one(live: &StackSession, index: usize) -> Result<Reply<Vec<AmSilence>>, PanelError> {
    let client = live.clients.member(index).await?;
    client.silences().await.map_err(|error| error.to_panel(SERVICE))
}

/// All silences of every member.
pub async fn read(live: &Arc<StackSession>) -> Vec<MemberRead> {
    let members = 0..live.profile.alertmanager.urls.len();
    futures_util::future::join_all(
        members.map(
            |index| async move { MemberRead { index, silences: Box::pin(read_one(live, index)).await } },
        ),
    )
    .await
}

/// Whether a silence is the one meant: a window by its tag, or a silence by its id.
pub fn is_meant(silence: &AmSilence, id: &str) -> bool {
    silence.id == id
        || read_comment(&silence.comment).0.is_some_and(|window| window.0.eq_ignore_ascii_case(id))
}

/// Looks for a silence by its tag on every member, for a while: its answer was lost on the way.
pub async fn look_for(live: &Arc<StackSession>, window: &WindowId) -> Option<AmSilence> {
    let began = Instant::now();
    loop {
        for member in read(live).await {
            let Ok(reply) = member.silences else { continue };
            let found = reply
                .value
                .into_iter()
                .find(|silence| read_comment(&silence.comment).0.as_ref() == Some(window));
            if found.is_some() {
                return found;
            }
        }
        if began.elapsed() > DEADLINE / 2 {
            return None;
        }
        tokio::time::sleep(LOOK * 2).await;
    }
}

/// Waits until every member that answers shows the silence as `wanted` says, or the deadline. A member that can't be
/// reached is asked again, but not waited for once the others agree.
pub async fn read_back(
    live: &Arc<StackSession>,
    silence_id: &str,
    wanted: impl Fn(&AmSilence) -> bool,
) -> bool {
    let began = Instant::now();
    let mut rounds = 0;
    loop {
        let answers = futures_util::future::join_all(
            (0..live.profile.alertmanager.urls.len()).map(|index| Box::pin(look_at(live, index, silence_id))),
        )
        .await;
        rounds += 1;
        let answered = answers.iter().filter(|answer| answer.is_ok()).count();
        let shown =
            answers.iter().filter(|answer| matches!(answer, Ok(Some(silence)) if wanted(silence))).count();
        let all_answered = answered == answers.len();
        if shown > 0 && shown == answered && (all_answered || rounds > 3) {
            return true;
        }
        if began.elapsed() > DEADLINE {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// One silence of one member; none when it does not know it.
async fn look_at(
    live: &StackSession,
    index: usize,
    silence_id: &str,
) -> Result<Option<AmSilence>, PanelError> {
    let client = live.clients.member(index).await?;
    client.silence(silence_id).await.map_err(|error| error.to_panel(SERVICE))
}

/// Whether a failed POST is certain not to have reached the server: the next member may be tried.
pub fn never_sent(error: &PanelError) -> bool {
    matches!(
        error.code,
        ErrorCode::Refused
            | ErrorCode::Dns
            | ErrorCode::Tls
            | ErrorCode::SecretMissing
            | ErrorCode::UntrustedOrigin
            | ErrorCode::KeyringUnavailable
            | ErrorCode::KeyringLocked
            | ErrorCode::KeyringTimeout
            | ErrorCode::InvalidConfig
    )
}

/// Whether the server refused: nothing was done, and another member would refuse as well.
pub fn refused(error: &PanelError) -> bool {
    matches!(
        error.code,
        ErrorCode::Rejected
            | ErrorCode::Unauthorized
            | ErrorCode::Forbidden
            | ErrorCode::WrongPath
            | ErrorCode::InvalidRequest
            | ErrorCode::NotFound
    )
}
