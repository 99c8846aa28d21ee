//! Writes a run into a folder of the download folder: the draft of a post-mortem, the series of the incident
//! as CSV, and their plots as PNG. The folder appears whole or not at all; what could not be had is told in the draft.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use aether_contract::*;
use futures_util::{StreamExt as _, stream};

use super::{
    execute,
    parse::Condition,
    runs,
    text::{self, Happened, Written},
    timeline::happened,
};
use crate::runbook::Runbooks;
use aether_context::{
    gauges::{
        grid::Grid,
        history::draw,
        steps::{Observed, SeriesSteps, steps},
    },
    session::StackSession,
};
use aether_foundation::{
    clock, paths,
    task::blocking,
    text::{moment_utc as moment, truncate},
};

/// What is shown before the alert began.
const LEAD_MS: i64 = 30 * 60_000;
/// What is shown of a run without an alert, before it began.
const ALONE_MS: i64 = 60 * 60_000;
/// Longest time that is written.
const MAX_MS: i64 = 7 * 86_400_000;
/// Points of a series.
const POINTS: u32 = 720;
/// Series of a step that are written.
const MAX_SERIES: usize = 50;
/// Questions at a time.
const AT_ONCE: usize = 4;
/// Most drafts of one second.
const MAX_TRIES: u32 = 100;
/// Paper and ink: a draft is read outside of the panel, whatever its theme.
const PAPER: &str = "#ffffff";

fn ink() -> FigureStyle {
    FigureStyle {
        width: 900,
        height: 260,
        line: "#2156b8".to_owned(),
        grid: "#e3e6ec".to_owned(),
        text: "#4a5160".to_owned(),
        warn: "#9a6700".to_owned(),
        critical: "#b42318".to_owned(),
        ok: "#1a7f4b".to_owned(),
        utc_offset_minutes: 0,
    }
}

/// Writes a run.
///
/// # Errors
/// `not-found`, `storage`. A series that can't be had is told in the draft.
pub async fn export(
    runbooks: Arc<Runbooks>,
    request: RunbookRunRequest,
) -> Result<RunbookExported, PanelError> {
    let live = runbooks.ctx.live();
    let run = runs::list(&runbooks, &live).await?.into_iter().find(|run| run.id == request.run);
    let run = run.ok_or_else(|| {
        let words = "Runbook run not found in this stack.";
        PanelError::new(ErrorCode::NotFound, "runbook", words)
    })?;
    let (from, to) = span(&run, clock::now());
    let hours = to.millis_since(from) as f64 / 3_600_000.0;
    let grid = Grid::new(to, hours.max(0.25), POINTS);
    let mut asked: Vec<RunbookStepResult> =
        run.steps.iter().filter(|step| step.problem.is_empty()).cloned().collect();
    let ask = |step: RunbookStepResult| {
        let live = Arc::clone(&live);
        async move {
            let answer = read(&live, &step, &grid).await;
            (step, answer)
        }
    };
    asked.sort_by_key(|step| step.number);
    let answers = stream::iter(asked).map(ask).buffered(AT_ONCE).collect::<Vec<_>>().await;
    let happened = happened(&runbooks, &run, (from, to)).await?;
    let folder = runbooks.ctx.home.downloads.clone();
    blocking(move || write(&folder, &run, &grid, answers, &happened)).await
}

/// From a while before the alert until the run was closed.
fn span(run: &RunbookRun, now: Timestamp) -> (Timestamp, Timestamp) {
    let to = run.ended_at.unwrap_or(now).max(run.started_at);
    let begin = run.alert.as_ref().map_or(run.started_at.plus_millis(-ALONE_MS), |alert| {
        alert.since.min(run.started_at).plus_millis(-LEAD_MS)
    });
    (begin.max(to.plus_millis(-MAX_MS)), to)
}

async fn read(live: &StackSession, step: &RunbookStepResult, grid: &Grid) -> Result<Observed, PanelError> {
    let client = live.clients.prometheus().await?;
    Box::pin(steps(&client, &step.query, grid)).await
}

type Answers = Vec<(RunbookStepResult, Result<Observed, PanelError>)>;

fn write(
    downloads: &Path,
    run: &RunbookRun,
    grid: &Grid,
    answers: Answers,
    happened: &[Happened],
) -> Result<RunbookExported, PanelError> {
    let failed = |error: io::Error| paths::storage("write into", downloads, &error);
    paths::create_private_dir(downloads).map_err(failed)?;
    let temp = tempfile::Builder::new().prefix(".aether-").tempdir_in(downloads).map_err(failed)?;
    let mut files = Vec::new();
    let mut problems = Vec::new();
    let mut written = Vec::new();
    let mut put = |name: &str, bytes: &[u8]| -> io::Result<()> {
        let path = temp.path().join(name);
        if let Some(folder) = path.parent() {
            paths::create_private_dir(folder)?;
        }
        let mut file = paths::create_private_file(&path)?;
        io::Write::write_all(&mut file, bytes)?;
        file.sync_all()?;
        files.push(name.to_owned());
        Ok(())
    };
    for (step, answer) in answers {
        let title = format!("Step {}, {}", step.number, step.title);
        let series = match answer {
            Err(error) => {
                problems.push(format!("{title}: {}", error.message));
                continue;
            }
            Ok(found) if found.series.is_empty() => {
                problems.push(format!("{title}: Prometheus has no data for that period."));
                continue;
            }
            Ok(found) => {
                let note = found.note();
                if !note.is_empty() {
                    problems.push(format!("{title}: {note}"));
                }
                found.series
            }
        };
        if series.len() > MAX_SERIES {
            problems.push(format!("{title}: only {MAX_SERIES} of {} series included.", series.len()));
        }
        let shown: Vec<&SeriesSteps> = series.iter().take(MAX_SERIES).collect();
        let name = format!("{:02}", step.number);
        let csv_name = format!("series/{name}.csv");
        put(&csv_name, &csv(grid, &shown).map_err(failed)?).map_err(failed)?;
        let png = match plot(&step, grid, &shown) {
            Ok(png) => {
                let png_name = format!("plots/{name}.png");
                put(&png_name, &png).map_err(failed)?;
                Some(png_name)
            }
            Err(error) => {
                problems.push(format!("{title}: failed to draw the plot. {}", error.message));
                None
            }
        };
        written.push(Written { number: step.number, csv: csv_name, png });
    }
    let draft = text::markdown(run, happened, &written, &problems);
    put("post-mortem.md", draft.as_bytes()).map_err(failed)?;
    paths::sync_dir(temp.path()).map_err(failed)?;
    let folder = keep(temp, downloads, run).map_err(failed)?;
    files.sort();
    Ok(RunbookExported { folder: folder.display().to_string(), files, problems })
}

/// Gives the folder its name: one that is free.
fn keep(temp: tempfile::TempDir, downloads: &Path, run: &RunbookRun) -> io::Result<PathBuf> {
    let about = run.alert.as_ref().map_or(run.page.as_str(), |alert| alert.name.as_str());
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    let about: String = about.chars().take(60).map(plain).collect();
    let stamp = jiff::Timestamp::from_millisecond(run.started_at.0)
        .map(|at| at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d_%H-%M-%S").to_string())
        .unwrap_or_default();
    let path = temp.keep();
    for number in 1..=MAX_TRIES {
        let tail = if number == 1 { String::new() } else { format!("_{number}") };
        let target = downloads.join(format!("post-mortem_{about}_{stamp}{tail}"));
        // A rename over an empty folder would succeed.
        if fs::symlink_metadata(&target).is_ok() {
            continue;
        }
        match fs::rename(&path, &target) {
            Ok(()) => {
                paths::sync_dir(downloads)?;
                return Ok(target);
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty
                ) => {}
            Err(error) => {
                let _ = fs::remove_dir_all(&path);
                return Err(error);
            }
        }
    }
    let _ = fs::remove_dir_all(&path);
    Err(io::Error::other(format!("it already contains {MAX_TRIES} drafts of this run")))
}

/// A line a step, three columns a series: the lowest, mean and highest value of the step that ends at the time.
fn csv(grid: &Grid, series: &[&SeriesSteps]) -> io::Result<Vec<u8>> {
    let mut out = csv::Writer::from_writer(Vec::new());
    let heads = series.iter().flat_map(|one| {
        let name = if one.labels.is_empty() { String::new() } else { format!("{} ", labels(one)) };
        ["lowest", "mean", "highest"].map(|part| format!("{name}{part}"))
    });
    out.write_record(std::iter::once("time".to_owned()).chain(heads))?;
    let columns = series.iter().flat_map(|one| [&one.steps.low, &one.steps.mean, &one.steps.high]);
    let columns: Vec<&Vec<Option<f64>>> = columns.collect();
    for (index, at) in grid.times().into_iter().enumerate() {
        let cells = columns.iter().map(|values| {
            values.get(index).copied().flatten().map(|value| value.to_string()).unwrap_or_default()
        });
        out.write_record(std::iter::once(moment(at)).chain(cells))?;
    }
    out.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

/// A label set as a heading. A spreadsheet takes `=`, `+`, `-` and `@` for a formula; this begins with a brace.
fn labels(series: &SeriesSteps) -> String {
    let list: Vec<String> =
        series.labels.iter().map(|(name, value)| format!("{name}={:?}", truncate(value, 200))).collect();
    format!("{{{}}}", list.join(","))
}

/// The plot of the one series, or of the first.
fn plot(step: &RunbookStepResult, grid: &Grid, series: &[&SeriesSteps]) -> Result<Vec<u8>, PanelError> {
    let expect = Condition::read(&step.expect);
    let first = series.first().map(|one| one.steps.clone()).unwrap_or_default();
    let drawn = draw(&execute::drawing(&step.title, expect.as_ref()), grid, first, &ink())?;
    aether_plots::png(&drawn.figure, PAPER, 2.0)
        .map_err(|error| PanelError::new(ErrorCode::Internal, "plots", error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aether_context::gauges::steps::Steps;

    use super::*;
    use crate::runbook::testing::{run, step};

    #[test]
    fn a_draft_has_values_and_plots_and_says_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let grid = Grid::new(Timestamp(1_700_000_000_000), 1.0, 61);
        let mut steps = Steps::of_values(vec![Some(41.5); 61]);
        steps.high[30] = Some(91.6);
        let labels = BTreeMap::from([("t".to_owned(), "=cmd|' /C calc'!A0,\"x\"".to_owned())]);
        let answers = || -> Answers {
            vec![
                (
                    step(1),
                    Ok(Observed::of(vec![SeriesSteps { labels: labels.clone(), steps: steps.clone() }])),
                ),
                (step(2), Err(PanelError::new(ErrorCode::Refused, "prometheus", "Nothing answers."))),
                (step(3), Ok(Observed::of(Vec::new()))),
            ]
        };
        let run = RunbookRun { steps: vec![step(1), step(2), step(3)], ..run() };
        let made = write(folder.path(), &run, &grid, answers(), &[]).unwrap();
        assert_eq!(made.files, ["plots/01.png", "post-mortem.md", "series/01.csv"]);
        assert_eq!(made.problems.len(), 2);
        let at = PathBuf::from(&made.folder);
        assert_eq!(at.parent().unwrap(), folder.path(), "no page's name climbs out");
        let draft = fs::read_to_string(at.join("post-mortem.md")).unwrap();
        assert!(draft.contains("Nothing answers.") && draft.contains("](plots/01.png)"), "{draft}");
        let table = fs::read(at.join("series/01.csv")).unwrap();
        let mut reader = csv::Reader::from_reader(&table[..]);
        assert!(reader.headers().unwrap()[1].starts_with("{t=\"=cmd"));
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.iter().filter(|row| &row[1] == "41.5" && &row[2] == "41.5").count(), 61);
        assert_eq!((&rows[29][3], &rows[30][3]), ("41.5", "91.6"), "a spike within a step is in the table");
        assert!(fs::read(at.join("plots/01.png")).unwrap().starts_with(b"\x89PNG"));
        // A second one takes another name, and nothing is left over.
        let again = write(folder.path(), &run, &grid, answers(), &[]).unwrap();
        assert_ne!(again.folder, made.folder);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn the_time_of_a_draft_begins_before_the_alert_and_is_bounded() {
        let now = Timestamp(1_700_000_600_000);
        let alone = run();
        assert_eq!(span(&alone, now), (alone.started_at.plus_millis(-ALONE_MS), now));
        let mut old = run();
        old.alert = Some(RunbookAlert {
            fingerprint: AlertFingerprint("a".into()),
            name: "A".into(),
            severity: Severity::Critical,
            since: Timestamp(0),
        });
        assert_eq!(span(&old, now), (now.plus_millis(-MAX_MS), now));
    }
}
