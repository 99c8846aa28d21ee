//! Cells that spreadsheets read as text.

use aether_contract::Timestamp;

/// A text that a spreadsheet takes for a text.
pub fn plain(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

/// A time as spreadsheets read it: RFC 3339 in UTC.
pub fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map(|at| at.to_string()).unwrap_or_default()
}
