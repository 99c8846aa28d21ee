//! `aether-bench`: ratios of two things measured in one run. Never a pass or fail on time: machines differ, and what is
//! told is how much more the panel takes than what it can't do without.
#![allow(clippy::print_stdout, reason = "a command line tool talks to the terminal")]

mod alerts;
mod backup;
mod lint;
mod refresh;
#[cfg(target_os = "linux")]
mod window;
#[cfg(not(target_os = "linux"))]
mod window {
    /// Pixels are read from an X server.
    pub fn run(_runs: usize) -> Result<Vec<super::Measured>, String> {
        Err("needs an X display".to_owned())
    }
}

use std::process::ExitCode;

/// One line of the result.
pub struct Measured {
    /// What was compared.
    pub name: String,
    /// Unit of the two figures.
    pub unit: &'static str,
    /// The panel's, one a run.
    pub ours: Vec<f64>,
    /// The floor's, one a run.
    pub floor: Vec<f64>,
}

type Benchmark = (&'static str, fn(usize) -> Result<Vec<Measured>, String>);

/// Name, and what measures it in so many runs. An error means that it can't be measured here.
const BENCHMARKS: &[Benchmark] = &[
    ("window", window::run),
    ("refresh", refresh::run),
    ("alerts", alerts::run),
    ("backup", backup::run),
    ("lint", lint::run),
];

fn main() -> ExitCode {
    let (mut only, mut runs) = (String::new(), 7_usize);
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let value = args.next();
        match (flag.as_str(), value) {
            ("--only", Some(word)) => only = word,
            ("--runs", Some(count))
                if count.parse::<usize>().is_ok_and(|count| (1..=100).contains(&count)) =>
            {
                runs = count.parse().unwrap_or(runs);
            }
            _ => {
                eprintln!("usage: cargo xtask bench [--only {}] [--runs 1..100]", names());
                return ExitCode::from(2);
            }
        }
    }
    let chosen: Vec<_> = BENCHMARKS.iter().filter(|(name, _)| name.contains(&only)).collect();
    if chosen.is_empty() {
        eprintln!("there is no benchmark '{only}'; there are {}", names());
        return ExitCode::from(2);
    }
    println!("{:<58} {:>12} {:>12}   ratio (least to most)", "what", "panel", "floor");
    for (name, measure) in chosen {
        match measure(runs) {
            Ok(lines) => lines.iter().for_each(show),
            Err(why) => println!("skipped: {name}: {why}"),
        }
    }
    ExitCode::SUCCESS
}

fn names() -> String {
    BENCHMARKS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("|")
}

fn show(line: &Measured) {
    let mut ratios: Vec<f64> = line.ours.iter().zip(&line.floor).map(|(ours, floor)| ours / floor).collect();
    ratios.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (ratios.first(), ratios.last()) else { return };
    println!(
        "{:<58} {:>12} {:>12}   {:.3} ({least:.3} to {most:.3})",
        line.name,
        format!("{:.1} {}", median(&line.ours), line.unit),
        format!("{:.1} {}", median(&line.floor), line.unit),
        median(&ratios),
    );
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.get(middle), sorted.len() % 2) {
        (Some(value), 1) => *value,
        (Some(value), _) => sorted.get(middle - 1).map_or(*value, |before| (before + value) / 2.0),
        (None, _) => f64::NAN,
    }
}
