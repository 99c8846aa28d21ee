//! Reading silences from every member, and reading an effect back until all of them show it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aether_clients::{Reply, alertmanager::AmSilence};
use aether_contract::{ErrorCode, MemberCheck, PanelError, ServiceKind, SilenceState, WindowId};

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
    let all: Vec<usize> = (0..live.profile.alertmanager.urls.len()).collect();
    Box::pin(read_back_on(live, &all, silence_id, wanted)).await
}

/// As [`read_back`], of these members only: without a cluster the others will never have it.
pub async fn read_back_on(
    live: &Arc<StackSession>,
    members: &[usize],
    silence_id: &str,
    wanted: impl Fn(&AmSilence) -> bool,
) -> bool {
    let began = Instant::now();
    let mut rounds = 0;
    loop {
        let answers = futures_util::future::join_all(
            members.iter().map(|index| Box::pin(look_at(live, *index, silence_id))),
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

/// What came of an end, member by member.
pub struct EndReadBack {
    /// One check a member: the state of its own silences, none when it has none of them.
    pub members: Vec<MemberCheck>,
    /// Whether nothing of what was ended runs anywhere.
    pub over: bool,
}

/// Waits until no member that answers shows one of the silences `had` as running, or the deadline. `had` names, with
/// its member, every silence that ran before. Members without a cluster each have their own, so each is judged by
/// what it had itself; one that can't be reached counts only when another member shows the same silence as expired.
pub async fn read_back_end(live: &Arc<StackSession>, had: &[(usize, String)]) -> EndReadBack {
    let mut ids: Vec<&str> = had.iter().map(|(_, id)| id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let began = Instant::now();
    let mut rounds = 0;
    loop {
        let members = live.profile.alertmanager.urls.iter().enumerate();
        let answers: Vec<Seen> = futures_util::future::join_all(
            members.map(|(index, url)| Box::pin(look_at_all(live, index, url, &ids))),
        )
        .await;
        rounds += 1;
        let expired = |id: &str| answers.iter().any(|seen| seen.expired.iter().any(|known| known == id));
        let running = |seen: &Seen| !matches!(seen.check.state, None | Some(SilenceState::Expired));
        let settled = |(index, id): &(usize, String)| {
            answers.get(*index).is_some_and(|seen| seen.answered || (rounds > 3 && expired(id)))
        };
        let over = !answers.iter().any(running) && had.iter().all(settled);
        // A member that is down is asked again, but not waited for once the others agree.
        let complete = rounds > 3 || answers.iter().all(|seen| seen.answered);
        if (over && complete) || began.elapsed() > DEADLINE {
            return EndReadBack { members: answers.into_iter().map(|seen| seen.check).collect(), over };
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What one member answered about some silences.
struct Seen {
    check: MemberCheck,
    answered: bool,
    expired: Vec<String>,
}

async fn look_at_all(live: &StackSession, index: usize, url: &str, ids: &[&str]) -> Seen {
    let mut seen = Seen {
        check: MemberCheck { url: url.to_owned(), state: None, error: String::new() },
        answered: true,
        expired: Vec::new(),
    };
    for id in ids {
        match look_at(live, index, id).await {
            Ok(Some(silence)) => {
                let state = silence.status.unwrap_or(SilenceState::Active);
                if state == SilenceState::Expired {
                    seen.expired.push((*id).to_owned());
                }
                if matches!(seen.check.state, None | Some(SilenceState::Expired)) {
                    seen.check.state = Some(state);
                }
            }
            Ok(None) => {}
            Err(error) => {
                seen.answered = false;
                seen.check.state = None;
                seen.check.error = error.message;
                return seen;
            }
        }
    }
    seen
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

pub(super) fn no_alertmanager() -> PanelError {
    PanelError::new(ErrorCode::InvalidConfig, SERVICE.as_str(), "This stack has no Alertmanager.")
        .with_hint("Set its address in Settings, Stacks.")
}
