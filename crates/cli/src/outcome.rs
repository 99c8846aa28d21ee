//! Result of a command: data for scripts, text for people, and the exit code.

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use aether_contract::{ErrorCode, PanelError};
use serde::Serialize;
use serde_json::Value;

use crate::{
    human::{json, plain, terminal},
    table::{Style, paint},
};

/// Exit code: findings.
pub const FINDING: u8 = 1;
/// Exit code: usage or configuration error.
pub const USAGE: u8 = 2;
/// Exit code: a server failed or is unreachable.
pub const SERVER: u8 = 3;

/// Result of a completed command.
#[derive(Debug, Default)]
pub struct Outcome {
    /// For `--json`.
    pub data: Value,
    /// For people; untrusted text is already escaped.
    pub text: String,
    /// Findings, one sentence each.
    pub findings: Vec<String>,
    /// A failure that leaves part of the data missing or stale.
    pub failure: Option<PanelError>,
    /// The text is machine-readable, so findings go to standard error.
    pub bare: bool,
}

#[derive(Serialize)]
struct Object<'a> {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a PanelError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

impl Outcome {
    /// An outcome without findings.
    pub fn new(data: &impl Serialize, text: impl Into<String>) -> Result<Self, PanelError> {
        let data = serde_json::to_value(data).map_err(|e| {
            PanelError::new(ErrorCode::Internal, "aetherctl", format!("Failed to format the reply: {e}"))
        })?;
        Ok(Self { data, text: text.into(), ..Self::default() })
    }

    /// Adds a finding.
    pub fn find(&mut self, finding: impl Into<String>) {
        self.findings.push(finding.into());
    }

    /// Records a failure; the first one is kept.
    pub fn fail(&mut self, error: Option<&PanelError>) {
        if self.failure.is_none() {
            self.failure = error.cloned();
        }
    }

    /// The exit code: the failure's, else 1 with findings, else 0.
    pub fn code(&self) -> u8 {
        match &self.failure {
            Some(error) => exit_code(error.code),
            None if !self.findings.is_empty() => FINDING,
            None => 0,
        }
    }

    /// Prints the outcome and returns its exit code. A closed pipe (`| head`) does not change it.
    pub fn print(&self, as_json: bool) -> ExitCode {
        let code = self.code();
        let written = if as_json { self.write_json(&mut io::stdout().lock()) } else { self.write_text() };
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                let _ = writeln!(io::stderr(), "aetherctl: standard output: {error}");
                ExitCode::from(code.max(USAGE))
            }
            _ => ExitCode::from(code),
        }
    }

    /// The object that `--json` prints. Partial data stays beside an error.
    fn object(&self) -> Object<'_> {
        Object {
            ok: self.failure.is_none(),
            error: self.failure.as_ref(),
            data: (self.failure.is_none() || !self.data.is_null()).then_some(&self.data),
        }
    }

    pub(crate) fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let document = serde_json::to_string(&self.object()).map_err(io::Error::from)?;
        out.write_all(json(&document).as_bytes())?;
        out.write_all(b"\n")?;
        out.flush()
    }

    fn write_text(&self) -> io::Result<()> {
        self.write_people(&mut anstream::stdout().lock(), &mut anstream::stderr().lock())
    }

    /// The text, findings and failure. Each finding and each part of the failure is one line: they quote servers.
    fn write_people(&self, out: &mut impl Write, err: &mut impl Write) -> io::Result<()> {
        out.write_all(terminal(&self.text).as_bytes())?;
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            out.write_all(b"\n")?;
        }
        if !self.findings.is_empty() && !self.bare {
            out.write_all(b"\n")?;
        }
        for finding in &self.findings {
            let line = format!("{} {}", paint("!", Style::Warn), plain(finding));
            if self.bare {
                // Nobody may be reading this.
                let _ = writeln!(err, "{line}");
            } else {
                writeln!(out, "{line}")?;
            }
        }
        out.flush()?;
        if let Some(error) = &self.failure {
            // Nobody may be reading this either.
            let _ = writeln!(err, "{} {}", paint("error:", Style::Bad), plain(&error.message));
            if !error.hint.is_empty() {
                let _ = writeln!(err, "{} {}", paint("hint:", Style::Strong), plain(&error.hint));
            }
        }
        Ok(())
    }

    /// Everything that people get to see, standard error behind standard output.
    #[cfg(test)]
    pub fn printed(&self) -> Vec<u8> {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        self.write_people(&mut out, &mut err).unwrap();
        [out, err].concat()
    }
}

impl From<PanelError> for Outcome {
    fn from(error: PanelError) -> Self {
        Self { failure: Some(error), ..Self::default() }
    }
}

/// 2 for what was found wrong before anything was asked, 3 for what asking gave.
pub fn exit_code(code: ErrorCode) -> u8 {
    match code {
        ErrorCode::InvalidRequest
        | ErrorCode::InvalidConfig
        | ErrorCode::NotFound
        | ErrorCode::SecretTooLong
        | ErrorCode::SecretMissing
        | ErrorCode::UntrustedOrigin
        | ErrorCode::Storage => USAGE,
        _ => SERVER,
    }
}

/// A usage error in the parser's words.
pub fn usage(rendered: &str) -> Outcome {
    let text = rendered.trim().trim_start_matches("error: ");
    let (message, detail) = text.split_once("\n\n").unwrap_or((text, ""));
    PanelError::new(ErrorCode::InvalidRequest, "arguments", message.trim()).with_detail(detail.trim()).into()
}

/// An internal error or a failure of the machine.
pub fn failed(source: &str, message: impl Into<String>) -> Outcome {
    PanelError::new(ErrorCode::Internal, source, message).into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_failure_outranks_a_finding() {
        let mut outcome = Outcome::new(&1, "").unwrap();
        assert_eq!(outcome.code(), 0);
        outcome.find("a gauge is critical");
        assert_eq!(outcome.code(), FINDING);
        outcome.fail(Some(&PanelError::new(ErrorCode::Refused, "grafana", "Nothing listens.")));
        assert_eq!(outcome.code(), SERVER);
    }

    #[test]
    fn partial_data_stays_beside_the_error() {
        let mut outcome = Outcome::new(&[1], "").unwrap();
        outcome.fail(Some(&PanelError::new(ErrorCode::Timeout, "prometheus", "No answer.")));
        let object = serde_json::to_value(outcome.object()).unwrap();
        assert_eq!(object["ok"], false);
        assert_eq!(object["error"]["code"], "timeout");
        assert_eq!(object["error"]["retryable"], true);
        assert_eq!(object["error"]["source"], "prometheus");
        assert_eq!(object["data"], json!([1]));
        assert!(Outcome::from(PanelError::new(ErrorCode::Dns, "x", "y")).object().data.is_none());
    }

    #[test]
    fn configuration_is_told_from_servers() {
        assert_eq!(exit_code(ErrorCode::InvalidConfig), USAGE);
        assert_eq!(exit_code(ErrorCode::NotFound), USAGE);
        assert_eq!(exit_code(ErrorCode::Unauthorized), SERVER);
        assert_eq!(exit_code(ErrorCode::KeyringLocked), SERVER);
    }
}
