//! The alert list as a file: comma-separated values for a spreadsheet, JSON for a program.
//!
//! A name that is taken gets a number behind it; nothing is overwritten.

use crate::spreadsheet::{moment, plain};
use std::{
    collections::BTreeSet,
    io::{self, Write},
    path::Path,
};

use aether_contract::{AlertRow, ErrorCode, ExportFormat, Exported, PanelError, Timestamp};

use aether_foundation::matching::filter::severity_text;
use aether_foundation::paths;

/// Columns before those of the labels.
const FIXED: [&str; 17] = [
    "state",
    "severity",
    "alert",
    "tenant",
    "vip",
    "since",
    "fires_at",
    "value",
    "receivers",
    "silenced_by",
    "inhibited_by",
    "muted_receivers",
    "delivered",
    "fingerprint",
    "acknowledged_by",
    "escalated_by",
    "summary",
];
/// Most label columns: what goes beyond stands in none, and the JSON has all.
const MAX_LABELS: usize = 256;
/// Most files of one second.
const MAX_TRIES: u32 = 100;

/// Writes the rows into a new file of `folder`.
///
/// # Errors
/// `storage`.
pub fn write(
    folder: &Path,
    rows: &[AlertRow],
    format: ExportFormat,
    now: Timestamp,
) -> Result<Exported, PanelError> {
    let mut bytes = Vec::new();
    match format {
        ExportFormat::Csv => csv(&mut bytes, rows),
        ExportFormat::Json => serde_json::to_writer_pretty(&mut bytes, rows).map_err(io::Error::from),
    }
    .map_err(|error| paths::storage("write into", folder, &error))?;
    put(folder, "alerts", format, u32::try_from(rows.len()).unwrap_or(u32::MAX), &bytes, now)
}

/// Puts an export into a new file of `folder`, named by what it is and when it was made.
///
/// # Errors
/// `storage`.
pub fn put(
    folder: &Path,
    what: &str,
    format: ExportFormat,
    rows: u32,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Exported, PanelError> {
    let stamp = jiff::Timestamp::from_millisecond(now.0)
        .map(|at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d_%H-%M-%S").to_string())
        .unwrap_or_default();
    let ending = format.ending();
    paths::create_private_dir(folder).map_err(|error| paths::storage("create the folder", folder, &error))?;
    let failed = |error: io::Error| paths::storage("write into", folder, &error);
    let mut temp =
        tempfile::Builder::new().prefix(".aether-").suffix(".tmp").tempfile_in(folder).map_err(failed)?;
    temp.write_all(bytes).map_err(failed)?;
    temp.as_file().sync_all().map_err(failed)?;
    for number in 1..=MAX_TRIES {
        let tail = if number == 1 { String::new() } else { format!("_{number}") };
        let path = folder.join(format!("{what}_{stamp}{tail}.{ending}"));
        match temp.persist_noclobber(&path) {
            Ok(_) => return Ok(Exported { path: path.display().to_string(), rows }),
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => temp = taken.file,
            Err(error) => return Err(failed(error.error)),
        }
    }
    let message = format!("{} already contains {MAX_TRIES} exports with this timestamp.", folder.display());
    Err(PanelError::new(ErrorCode::Storage, what, message))
}

/// Writes the rows as comma-separated values: what the panel says of them, then a column a label.
///
/// # Errors
/// What `out` says.
pub fn csv(out: impl Write, rows: &[AlertRow]) -> io::Result<()> {
    let labels: BTreeSet<&str> = rows.iter().flat_map(|row| row.labels.keys().map(String::as_str)).collect();
    let labels: Vec<&str> = labels.into_iter().take(MAX_LABELS).collect();
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out);
    let heads = FIXED.iter().map(|name| (*name).to_owned());
    out.write_record(heads.chain(labels.iter().map(|name| plain(&format!("label:{name}")))))?;
    for row in rows {
        let values = labels.iter().map(|name| plain(row.labels.get(*name).map_or("", String::as_str)));
        out.write_record(fixed(row).into_iter().chain(values))?;
    }
    out.flush()
}

fn fixed(row: &AlertRow) -> [String; FIXED.len()] {
    let by: Vec<String> = row.silenced_by.iter().map(|s| format!("{} ({})", s.id, s.by)).collect();
    let inhibited: Vec<&str> = row.inhibited_by.iter().map(|print| print.0.as_str()).collect();
    let muted = row.muted_receivers.iter();
    let muted: Vec<String> =
        muted.map(|muted| format!("{} ({})", muted.receiver, muted.intervals.join(", "))).collect();
    let summary = ["summary", "description"].iter().find_map(|name| row.annotations.get(*name));
    [
        row.state.as_str().to_owned(),
        plain(severity_text(&row.labels)),
        plain(&row.name),
        plain(row.tenant.as_deref().unwrap_or_default()),
        row.vip.to_string(),
        moment(row.since),
        row.fires_at.map(moment).unwrap_or_default(),
        // A number begins with a minus sign at times; it is none of the texts that a spreadsheet would run.
        row.value.map_or_else(|| plain(&row.value_text), |value| value.to_string()),
        plain(&row.receivers.join("; ")),
        plain(&by.join("; ")),
        plain(&inhibited.join("; ")),
        plain(&muted.join("; ")),
        row.delivered.to_string(),
        plain(&row.fingerprint.0),
        plain(row.ack.as_ref().map_or("", |ack| &ack.by)),
        plain(row.escalated.as_ref().map_or("", |call| &call.by)),
        plain(summary.map_or("", String::as_str)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::testing::row;

    fn text(rows: &[AlertRow]) -> Vec<csv::StringRecord> {
        let mut out = Vec::new();
        csv(&mut out, rows).unwrap();
        csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(out.as_slice())
            .records()
            .map(Result::unwrap)
            .collect()
    }

    #[test]
    fn values_with_commas_quotes_and_lines_come_back_as_they_were() {
        let hostile = "a,\"b\"\nc";
        let records =
            text(&[row(&[("alertname", hostile), ("job", "x")]), row(&[("alertname", "B"), ("zone", "y")])]);
        assert_eq!(records.len(), 3);
        let head: Vec<&str> = records[0].iter().collect();
        assert_eq!(head[FIXED.len()..], ["label:alertname", "label:job", "label:zone"]);
        assert_eq!(&records[1][2], hostile);
        assert_eq!(&records[2][FIXED.len() + 2], "y");
    }

    #[test]
    fn a_spreadsheet_runs_no_label() {
        for formula in ["=HYPERLINK(\"x\")", "+1", "-2+3", "@SUM(A1)", "\t=1"] {
            assert_eq!(&text(&[row(&[("alertname", formula)])])[1][2], format!("'{formula}"));
        }
        let mut negative = row(&[("alertname", "A")]);
        negative.value = Some(-3.5);
        assert_eq!(&text(&[negative])[1][7], "-3.5", "a number stays a number");
    }

    #[test]
    fn receivers_that_a_time_interval_mutes_have_a_column() {
        let mut muted = row(&[("alertname", "A")]);
        let intervals = vec!["night".to_owned(), "weekend".to_owned()];
        muted.muted_receivers =
            vec![aether_contract::MutedReceiver { receiver: "mail".to_owned(), intervals }];
        let records = text(&[muted]);
        let column = records[0].iter().position(|head| head == "muted_receivers").unwrap();
        assert_eq!(&records[1][column], "mail (night, weekend)");
    }

    #[test]
    fn a_second_export_overwrites_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let rows = [row(&[("alertname", "A")])];
        let at = Timestamp(1_700_000_000_000);
        let first = write(folder.path(), &rows, ExportFormat::Json, at).unwrap();
        let second = write(folder.path(), &rows, ExportFormat::Json, at).unwrap();
        assert_ne!(first.path, second.path);
        for file in [first, second] {
            let read: Vec<AlertRow> = serde_json::from_slice(&std::fs::read(file.path).unwrap()).unwrap();
            assert_eq!((read.as_slice(), file.rows), (rows.as_slice(), 1));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no half file is left");
    }

    #[test]
    fn a_folder_that_takes_no_file_is_told_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let error = write(&file, &[], ExportFormat::Csv, Timestamp(0)).unwrap_err();
        assert_eq!(error.code, ErrorCode::Storage);
        assert!(error.message.contains("file"), "{error}");
    }
}
