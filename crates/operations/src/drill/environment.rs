//! Where a drill may run: in a stack that a simulator on this machine has started itself. Pure.

use aether_clients::simulator::SimStack;
use aether_contract::{ErrorCode, PanelError};

use aether_foundation::stack::Profile;

/// Whether the profile's servers are those of the simulator, one by one. The panel itself does nothing to a
/// server in a drill; the simulator acts on its own ones only. This makes sure that what it does is seen here,
/// and nothing else.
///
/// # Errors
/// `invalid-request`, with what differs.
pub fn check(profile: &Profile, told: &SimStack) -> Result<(), PanelError> {
    let plain = |url: &String| url.trim_end_matches('/').to_owned();
    let is = |urls: &[String], theirs: &String| urls.iter().map(plain).eq([plain(theirs)]);
    let differs = if !is(&profile.prometheus.urls, &told.prometheus) {
        "Prometheus"
    } else if !is(&profile.alertmanager.urls, &told.alertmanager) {
        "Alertmanager"
    } else {
        return Ok(());
    };
    Err(refused(format!("The {differs} of this stack was not started by the simulator.")))
}

/// The refusal of a stack that is none for drills.
pub fn refused(words: impl Into<String>) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "drill", words).with_hint(
        "Drills run in a demo stack only, never against real servers. Start one with `cargo xtask demo` \
            and select its stack.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_stack_whose_every_server_is_the_simulators_is_ground_for_drills() {
        let mut profile = Profile::builtin();
        let told = SimStack {
            prometheus: "http://localhost:9090".into(),
            alertmanager: "http://localhost:9093".into(),
        };
        assert!(check(&profile, &told).is_ok());
        profile.prometheus.urls = vec!["http://localhost:9090/".into()];
        assert!(check(&profile, &told).is_ok(), "a slash is no difference");
        for urls in
            [vec![], vec!["https://prometheus.example.org".to_owned()], vec!["http://localhost:9091".into()]]
        {
            let real = Profile {
                prometheus: aether_contract::EndpointSpec { urls, ..profile.prometheus.clone() },
                ..profile.clone()
            };
            let error = check(&real, &told).unwrap_err();
            assert!(error.message.contains("Prometheus") && error.hint.contains("demo"), "{error:?}");
        }
        profile.alertmanager.urls.push("http://second:9093".into());
        assert!(
            check(&profile, &told).unwrap_err().message.contains("Alertmanager"),
            "a member more is one too many"
        );
        assert!(check(&profile, &SimStack::default()).is_err(), "a simulator that names nothing");
    }
}
