//! Two texts line by line. Pure.

use similar::TextDiff;

/// Most characters of a diff that is handed out.
const MAX: usize = 400_000;
/// Lines that stay around a change.
const CONTEXT: usize = 3;

/// A unified diff; empty when the texts are the same. One that would be too long ends with a line that says so.
pub fn unified(before: &str, after: &str) -> String {
    with_context(before, after, CONTEXT)
}

/// As [`unified`], without the lines around: for files where those may hold passwords.
pub fn bare(before: &str, after: &str) -> String {
    with_context(before, after, 0)
}

fn with_context(before: &str, after: &str, context: usize) -> String {
    if before == after {
        return String::new();
    }
    let diff = TextDiff::configure().timeout(std::time::Duration::from_secs(5)).diff_lines(before, after);
    let mut text = diff.unified_diff().context_radius(context).to_string();
    if text.len() > MAX {
        let end = text.floor_char_boundary(MAX);
        text.truncate(end);
        text.push_str("\n\\ diff truncated\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_shown_with_the_lines_around_it() {
        let before: String = (0..40).map(|n| format!("line {n}\n")).collect();
        let diff = unified(&before, &before.replace("line 20\n", "line twenty\n"));
        assert!(diff.contains("-line 20\n+line twenty\n"), "{diff}");
        assert_eq!(diff.lines().count(), 1 + 2 + 2 * CONTEXT);
        assert_eq!(unified("a", "a"), "");
        assert!(unified("a", "a\n").contains("No newline"), "{}", unified("a", "a\n"));
    }

    #[test]
    fn a_diff_without_end_is_cut_and_says_so() {
        let after: String = (0..200_000).map(|n| format!("{n}\n")).collect();
        let diff = unified("", &after);
        assert!(diff.len() < MAX + 100 && diff.ends_with("truncated\n"));
    }
}
