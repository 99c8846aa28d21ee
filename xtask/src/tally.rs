//! Counts of what passed, failed and was skipped.

/// What one step came to.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    /// What held.
    pub passed: u32,
    /// What did not.
    pub failed: u32,
    /// What could not be tried.
    pub skipped: u32,
}

impl Tally {
    fn of(result: &Result<(), String>) -> Self {
        match result {
            Ok(()) => Self { passed: 1, ..Self::default() },
            Err(_) => Self { failed: 1, ..Self::default() },
        }
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// One check: passed, or failed with its message on the terminal.
pub fn simple(result: Result<(), String>) -> Tally {
    if let Err(message) = &result {
        println!("FAILED: {message}");
    }
    Tally::of(&result)
}

/// Reads "3 passed; 1 failed" and "1 failed | 3 passed | 2 skipped (6)".
pub fn words(text: &str) -> Tally {
    Tally {
        passed: number_before(text, "passed"),
        failed: number_before(text, "failed"),
        skipped: number_before(text, "skipped") + number_before(text, "todo"),
    }
}

fn number_before(text: &str, word: &str) -> u32 {
    let mut last = 0;
    for part in text.split([' ', ';', '|', ',']).filter(|part| !part.is_empty()) {
        if part == word {
            return last;
        }
        last = part.parse().unwrap_or(0);
    }
    0
}

/// The folder for results as JUnit XML, a file for each test program.
pub fn results_folder() -> std::path::PathBuf {
    crate::process::target().join("test-results")
}
