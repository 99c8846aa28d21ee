//! Tables for terminals: columns sized to content, words before colors.
//!
//! Colors are always written; the output stream strips them if it is not a terminal.

use unicode_width::UnicodeWidthStr;

use crate::human::{cut, plain};

/// Style of a cell; never the only carrier of meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Default.
    None,
    /// Green.
    Good,
    /// Yellow.
    Warn,
    /// Red.
    Bad,
    /// Gray.
    Dim,
    /// Bold.
    Strong,
}

/// A cell; its text is escaped on construction.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    paint: Style,
}

/// A cell without color.
pub fn cell(text: impl AsRef<str>) -> Cell {
    painted(text, Style::None)
}

/// A cell with color.
pub fn painted(text: impl AsRef<str>, paint: Style) -> Cell {
    Cell { text: cut(&plain(text.as_ref()), MAX_CELL), paint }
}

/// Longest cell in characters: one long label must not push everything else off the screen.
const MAX_CELL: usize = 72;

/// A unified diff in color.
pub fn diff_lines(text: &str) -> String {
    let line = |line: &str| {
        let look = match line.as_bytes().first() {
            Some(b'+') => Style::Good,
            Some(b'-') => Style::Bad,
            _ => Style::Dim,
        };
        format!("{}\n", paint(&plain(line), look))
    };
    text.lines().map(line).collect()
}

/// Wraps escaped text in a color.
pub fn paint(text: &str, paint: Style) -> String {
    let code = match paint {
        Style::None => return text.to_owned(),
        Style::Good => "32",
        Style::Warn => "33",
        Style::Bad => "31",
        Style::Dim => "2",
        Style::Strong => "1",
    };
    if text.is_empty() { String::new() } else { format!("\x1b[{code}m{text}\x1b[0m") }
}

/// Draws a table with a header row. Empty columns are omitted.
pub fn table(head: &[&str], rows: &[Vec<Cell>]) -> String {
    let used: Vec<usize> = (0..head.len())
        .filter(|&column| rows.iter().any(|row| row.get(column).is_some_and(|c| !c.text.is_empty())))
        .collect();
    let head: Vec<Cell> = head.iter().map(|title| painted(title, Style::Dim)).collect();
    let lines: Vec<&Vec<Cell>> = std::iter::once(&head).chain(rows).collect();
    let widths: Vec<usize> = used
        .iter()
        .map(|&column| {
            lines.iter().filter_map(|line| line.get(column)).map(|c| c.text.width()).max().unwrap_or(0)
        })
        .collect();
    let mut out = String::new();
    for line in lines {
        let mut pending = 0;
        for (&column, width) in used.iter().zip(&widths) {
            let Some(c) = line.get(column) else { continue };
            if !c.text.is_empty() {
                out.extend(std::iter::repeat_n(' ', pending));
                out.push_str(&paint(&c.text, c.paint));
                pending = 0;
            }
            pending += width - if c.text.is_empty() { 0 } else { c.text.width() } + 2;
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_nothing_trails() {
        let rows = vec![
            vec![cell("東京"), cell(""), cell("1")],
            vec![cell("b"), cell("xyz"), cell("")],
            vec![cell("c")],
        ];
        assert_eq!(
            strip(&table(&["NAME", "WHAT", "N"], &rows)),
            "NAME  WHAT  N\n東京        1\nb     xyz\nc\n"
        );
    }

    #[test]
    fn an_empty_column_is_left_out() {
        assert_eq!(strip(&table(&["A", "B"], &[vec![cell("x"), cell("")]])), "A\nx\n");
    }

    #[test]
    fn a_hostile_cell_stays_on_its_line() {
        let text = table(&["A"], &[vec![cell("x\n\x1b[2Jy")]]);
        assert_eq!(strip(&text).lines().count(), 2);
        assert!(!text.contains("\x1b[2J"));
    }

    fn strip(text: &str) -> String {
        String::from_utf8(anstream::adapter::strip_bytes(text.as_bytes()).into_vec()).unwrap()
    }
}
