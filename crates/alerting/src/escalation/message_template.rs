//! What is said to whom: a mail or a chat's page, filled in. Names come from alerts: they are percent-encoded,
//! and one line. Pure.

use aether_contract::{EscalationClock, EscalationRule};
use url::form_urlencoded::byte_serialize;

use aether_foundation::{
    stack::TEXT,
    text::{moment_utc as moment, truncate},
};

/// `mailto:` with a subject and a body.
pub fn mail(address: &str, clock: &EscalationClock, stack: &str) -> String {
    format!(
        "mailto:{address}?subject={}&body={}",
        encoded(&subject(clock, stack)),
        encoded(&body(clock, stack))
    )
}

/// The chat's address; the text stands where it has a place for it.
pub fn chat(address: &str, clock: &EscalationClock, stack: &str) -> String {
    address.replace(TEXT, &encoded(&format!("{}\n{}", subject(clock, stack), body(clock, stack))))
}

/// What happened, on one line.
pub fn subject(clock: &EscalationClock, stack: &str) -> String {
    let what = match clock.rule {
        EscalationRule::Vip => "VIP alert",
        EscalationRule::General => "Alert",
        EscalationRule::Cost | EscalationRule::Health => "Off target",
    };
    let tenant = clock.tenant.as_ref().map(|tenant| format!(", {}", line(tenant))).unwrap_or_default();
    format!("[{}] {what}: {}{tenant}", line(stack), line(&clock.title))
}

fn body(clock: &EscalationClock, stack: &str) -> String {
    let on = clock.ack.as_ref().map_or_else(
        || "Not acknowledged yet.".to_owned(),
        |ack| format!("Acknowledged by {}: {}", line(&ack.by), line(&ack.note)),
    );
    format!(
        "Stack {}: {} since {}. Escalate by {}.\n{on}\n\nDetails:\n",
        line(stack),
        line(&clock.title),
        moment(clock.since),
        moment(clock.latest_at)
    )
}

fn line(text: &str) -> String {
    truncate(text, 200).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Mail programs take a plus sign for itself.
fn encoded(text: &str) -> String {
    let text = text.replace('\n', "\r\n");
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use aether_contract::{EscalationContact, Timestamp};

    use super::*;

    #[test]
    fn an_alerts_name_adds_nobody_to_a_mail_and_nothing_to_an_address() {
        let clock = EscalationClock {
            id: "vip/a".into(),
            rule: EscalationRule::Vip,
            title: "A&cc=evil@x\r\nBcc: y#z".into(),
            tenant: Some("t\"1 +".into()),
            fingerprint: None,
            since: Timestamp(0),
            due_at: Timestamp(0),
            latest_at: Timestamp(0),
            muted: false,
            contact: EscalationContact { name: String::new(), mail: String::new(), chat: true },
            ack: None,
            escalated: None,
        };
        let url = url::Url::parse(&mail("ann@example.org", &clock, "prod")).unwrap();
        assert_eq!((url.scheme(), url.path()), ("mailto", "ann@example.org"));
        let keys: Vec<String> = url.query_pairs().map(|(key, _)| key.into_owned()).collect();
        assert_eq!(keys, ["subject", "body"]);
        let subject = url.query_pairs().next().unwrap().1.into_owned();
        assert_eq!(subject, "[prod] VIP alert: A&cc=evil@x  Bcc: y#z, t\"1 +");
        assert!(url.fragment().is_none());
        let page =
            url::Url::parse(&chat("https://chat.example/new?to=ann&text={text}", &clock, "prod")).unwrap();
        assert_eq!(page.query_pairs().count(), 2);
        assert_eq!(page.host_str(), Some("chat.example"));
    }
}
