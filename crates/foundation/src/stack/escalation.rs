//! The escalation table of a profile: when to escalate, and to whom.

use aether_contract::EscalationRule;

use super::{
    check,
    profile::Profile,
    section::{Problems, Section},
    values::{report, text},
};

/// Where `{text}` of a chat's address is filled in.
pub const TEXT: &str = "{text}";

/// Whom to call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// In words.
    pub name: String,
    /// Mail address.
    pub mail: Option<String>,
    /// Address of a chat; `{text}` in it is filled in.
    pub chat: Option<String>,
}

/// What stands beside the minutes of [`super::Escalation`].
#[derive(Debug, Clone, PartialEq)]
pub struct EscalationTable {
    /// More minutes after the hour in which a general alert has to be handed on.
    pub general_answer_minutes: u32,
    /// Cost above which it counts.
    pub cost_usd: f64,
    /// Minutes until the cost has to be handed on.
    pub cost_minutes: u32,
    /// Health score below which it counts.
    pub health_below: f64,
    /// Minutes for which it has to stay there.
    pub health_minutes: u32,
    /// Whom to call, in the order of [`EscalationRule::ALL`].
    pub contacts: [Contact; 4],
}

impl Default for EscalationTable {
    /// The reliability pack's.
    fn default() -> Self {
        let named = |name: &str| Contact { name: name.to_owned(), ..Contact::default() };
        Self {
            general_answer_minutes: 30,
            cost_usd: 200.0,
            cost_minutes: 240,
            health_below: 40.0,
            health_minutes: 15,
            contacts: [
                named("the on-call engineer"),
                named("the incident commander"),
                named("#aether-ops in Slack"),
                named("VP Engineering and Finance"),
            ],
        }
    }
}

impl EscalationTable {
    /// Whom to call.
    pub fn contact(&self, rule: EscalationRule) -> &Contact {
        let [vip, health, general, cost] = &self.contacts;
        match rule {
            EscalationRule::Vip => vip,
            EscalationRule::Health => health,
            EscalationRule::General => general,
            EscalationRule::Cost => cost,
        }
    }
}

/// Reads `[escalation]` and the tables below it.
pub(super) fn read(mut section: Section<'_>, profile: &mut Profile, problems: &mut Problems) {
    let mut minutes = |key, field: &mut u32| {
        let Some(found) = section.number(key, problems) else { return };
        // A week of minutes fits; the fraction is told below.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked first")]
        if found.value.fract() == 0.0 && (1.0..=10_080.0).contains(&found.value) {
            *field = found.value as u32;
        } else {
            problems.add(found.at, section.path(key), "expected whole minutes from 1 to 10080".to_owned());
        }
    };
    minutes("vip_minutes", &mut profile.escalation.vip_minutes);
    minutes("general_minutes", &mut profile.escalation.general_minutes);
    let table = &mut profile.escalation_table;
    minutes("general_answer_minutes", &mut table.general_answer_minutes);
    minutes("cost_minutes", &mut table.cost_minutes);
    minutes("health_minutes", &mut table.health_minutes);
    if let Some(found) = section.number("cost_usd", problems) {
        table.cost_usd = found.value;
    }
    if let Some(found) = section.number("health_below", problems) {
        table.health_below = found.value;
    }
    for (rule, contact) in EscalationRule::ALL.into_iter().zip(&mut table.contacts) {
        if let Some(found) = section.table(rule.as_str(), problems) {
            read_contact(found, contact, problems);
        }
    }
    section.finish(problems);
}

fn read_contact(mut section: Section<'_>, contact: &mut Contact, problems: &mut Problems) {
    if let Some(name) = text(&mut section, "contact", 120, problems) {
        contact.name = name;
    }
    if let Some(mail) = section.string("mail", problems) {
        report(address(&mail.value), &mail, &section.path("mail"), problems);
        contact.mail = Some(mail.value);
    }
    if let Some(chat) = section.string("chat", problems) {
        // Unlike a server's address it may have a query, and a place for the text.
        let bare = chat.value.split(['?', '#']).next().unwrap_or_default().replace(TEXT, "x");
        let place = super::section::At { value: bare, at: chat.at };
        report(check::http_url(&place.value), &place, &section.path("chat"), problems);
        contact.chat = Some(chat.value);
    }
    section.finish(problems);
}

/// A plain mail address: one that can't say more in a `mailto:` than whom.
fn address(text: &str) -> Result<(), String> {
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_+".contains(&byte))
    };
    match text.split_once('@') {
        Some((name, host)) if text.len() <= 254 && plain(name) && plain(host) => Ok(()),
        _ => Err("expected an email address such as \"oncall@example.org\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(text: &str) -> Result<Profile, String> {
        let whole =
            format!("name = \"s\"\n[prometheus]\nurl = \"http://localhost:9090\"\n[escalation]\n{text}");
        Profile::parse(&whole, Path::new("/tmp/s.toml")).map_err(|error| error.detail)
    }

    #[test]
    fn the_table_has_times_and_contacts_and_what_is_left_out_is_the_packs() {
        let text = "cost_usd = 500\nhealth_minutes = 20\n[escalation.vip]\ncontact = \"Ann\"\nmail = \
            \"ann+vip@example.org\"\nchat = \"https://chat.example/new?to=ann&text={text}\"\n";
        let table = parse(text).unwrap().escalation_table;
        assert_eq!((table.cost_usd, table.cost_minutes, table.health_minutes), (500.0, 240, 20));
        assert_eq!(table.contact(EscalationRule::Vip).mail.as_deref(), Some("ann+vip@example.org"));
        assert_eq!(table.contact(EscalationRule::General).name, "#aether-ops in Slack");
        assert_eq!(table.contact(EscalationRule::Health).name, "the incident commander");
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_line() {
        for text in [
            "[escalation.vip]\nmail = \"ann\"\n",
            "[escalation.vip]\nmail = \"a@b?cc=evil@x\"\n",
            "[escalation.vip]\nmail = \"a@b\\nBcc: x@y\"\n",
            "[escalation.cost]\nchat = \"javascript:alert(1)\"\n",
            "[escalation.cost]\nchat = \"slack://x\"\n",
            "[escalation.boss]\ncontact = \"x\"\n",
            "cost_minutes = 0\n",
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains("line "), "{text}: {error}");
        }
    }
}
