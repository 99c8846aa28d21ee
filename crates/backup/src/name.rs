//! Names of backups: the local minute they were made at. Pure.

use aether_contract::{BackupId, Timestamp};
use aether_foundation::names::segment_refusal;
use jiff::{Zoned, civil::DateTime};

/// The id of a backup made at `local`; `taken` tells which there are.
pub fn backup_id(local: &Zoned, taken: impl Fn(&str) -> bool) -> BackupId {
    let minute = local.strftime("%Y-%m-%d_%H-%M").to_string();
    let mut name = minute.clone();
    let mut number = 2_u32;
    while taken(&name) {
        name = format!("{minute}_{number}");
        number = number.saturating_add(1);
    }
    BackupId(name)
}

/// When a backup was made by its name, read on this machine's clock; none when the name does not tell.
pub fn time_of(id: &str) -> Option<Timestamp> {
    let minute = id.get(..16)?;
    let digits: String = minute.chars().map(|c| if c == '_' { 'T' } else { c }).collect();
    let (date, time) = digits.split_once('T')?;
    let civil: DateTime = format!("{date}T{}", time.replace('-', ":")).parse().ok()?;
    let zoned = civil.to_zoned(jiff::tz::TimeZone::system()).ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

/// Whether a text can be the name of a backup's folder: one plain segment that is not hidden.
pub fn is_folder(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= 200
        && segment_refusal(id).is_none()
        && !id.chars().any(|c| matches!(c, '/' | '\\' | ':' | '\0') || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_that_is_taken_gets_a_number() {
        let at: Zoned = "2026-11-27T14:05:59+01:00[Europe/Berlin]".parse().unwrap();
        assert_eq!(backup_id(&at, |_| false).0, "2026-11-27_14-05");
        let taken = ["2026-11-27_14-05", "2026-11-27_14-05_2"];
        assert_eq!(backup_id(&at, |name| taken.contains(&name)).0, "2026-11-27_14-05_3");
        assert!(time_of("2026-11-27_14-05_3").is_some() && time_of("2026-11-27_14-05").is_some());
        assert_eq!(time_of("2026-13-27_14-05"), None);
        assert_eq!(time_of("pre-deploy"), None);
    }

    #[test]
    fn name_that_is_not_one_plain_segment_is_no_backup() {
        for bad in ["", "..", ".partial-x", "a/b", "a\\b", "C:", "git~1"] {
            assert!(!is_folder(bad), "{bad:?}");
        }
    }
}
