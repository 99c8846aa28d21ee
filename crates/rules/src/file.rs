//! Rule files: read into types, with the line of each rule and the checks that its comments switch off. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aether_contract::FindingSeverity;
use aether_foundation::clock;
use promql_parser::util::parse_duration;

mod comments;
mod decode;
pub mod metricsql;
mod template;
mod yaml;

pub use comments::ALL;

/// Largest rule file that is read, in bytes.
pub const MAX_FILE: usize = 4 * 1024 * 1024;

/// The mark of its encoding that a text may begin with.
pub const MARK: char = '\u{feff}';

/// A rule file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleFile {
    /// Groups, in order.
    pub groups: Vec<FileGroup>,
    /// What is wrong with it or worth knowing, by line.
    pub problems: Vec<Problem>,
    /// Whether it is another program's, or an object that holds rules: Prometheus does not read it as it stands.
    pub foreign: bool,
}

/// The language of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// PromQL.
    #[default]
    PromQl,
    /// VictoriaMetrics' extension of it.
    MetricsQl,
    /// Another one, as in vmalert's groups of the type `graphite` or `vlogs`.
    Other,
}

/// A group of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileGroup {
    /// Name.
    pub name: String,
    /// Seconds between evaluations; none: the server's own.
    pub interval_s: Option<f64>,
    /// Rules, in order.
    pub rules: Vec<FileRule>,
}

/// A rule of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileRule {
    /// Whether it makes alerts.
    pub alerting: bool,
    /// Name of the alert or the series.
    pub name: String,
    /// Expression.
    pub expression: String,
    /// Its language.
    pub language: Language,
    /// `for` in seconds.
    pub hold_s: f64,
    /// Labels that it adds.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Line of its name, from 1; none when it can't be told.
    pub line: Option<u32>,
    /// Checks that comments switch off.
    pub disabled: BTreeSet<String>,
}

/// Something about a file that is wrong or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1; none when it can't be told.
    pub line: Option<u32>,
    /// In words.
    pub text: String,
    /// Whether a part of the file can't be read for it.
    pub fatal: bool,
    /// How bad it is: an error where Prometheus refuses the file.
    pub severity: FindingSeverity,
}

impl Problem {
    fn fatal(line: u32, text: String) -> Self {
        Self { line: Some(line), text, fatal: true, severity: FindingSeverity::Error }
    }

    fn note(line: u32, text: String) -> Self {
        Self { line: Some(line), text, fatal: false, severity: FindingSeverity::Info }
    }

    /// Whether Prometheus refuses the file for it.
    pub fn is_error(&self) -> bool {
        self.severity == FindingSeverity::Error
    }

    /// With its line.
    pub fn words(&self) -> String {
        self.line.map_or_else(|| self.text.clone(), |line| format!("line {line}: {}", self.text))
    }
}

/// Reads a rule file, as long as all of its rules can be read.
///
/// # Errors
/// What is wrong with it, with its line.
pub fn read(text: &str) -> Result<RuleFile, String> {
    let file = inspect(text).map_err(|problem| problem.words())?;
    match file.problems.iter().find(|problem| problem.fatal) {
        Some(problem) => Err(problem.words()),
        None => Ok(file),
    }
}

/// Reads what can be read of a rule file, with everything that is wrong with it.
///
/// # Errors
/// What keeps all of it from being read.
pub fn inspect(text: &str) -> Result<RuleFile, Problem> {
    if text.len() > MAX_FILE {
        let text = format!("larger than {} MiB", MAX_FILE / 1024 / 1024);
        return Err(Problem { line: None, ..Problem::fatal(0, text) });
    }
    decode::read(text.trim_start_matches(MARK), clock::now())
}

/// A duration as Prometheus takes it in a rule file, in seconds: a bare 0 too, and a 0 with a unit, which the
/// parser of expressions refuses.
///
/// # Errors
/// In words.
pub fn duration(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let unit = text.trim_start_matches('0');
    if unit.len() < text.len() && ["", "ms", "s", "m", "h", "d", "w", "y"].contains(&unit) {
        return Ok(0.0);
    }
    if text.ends_with(|last: char| last.is_ascii_digit()) {
        return Err("missing unit: write 5m, 90s, 1h30m".to_owned());
    }
    parse_duration(text).map(|time| time.as_secs_f64())
}

#[cfg(test)]
mod tests;
