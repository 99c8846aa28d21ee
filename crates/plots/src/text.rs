//! Text that goes into a figure: how wide it gets, and what is not let in.
//!
//! The page's font draws the text, so its true width is not known here. The estimate is the larger one of
//! Inter and DejaVu Sans (what a system without Inter falls back to): labels never touch, they may just
//! stand a little further apart than they need to.

/// Size of every label, in CSS pixels.
pub(crate) const FONT_PX: f64 = 11.0;

/// Upper estimate of the width in CSS pixels.
pub(crate) fn width(text: &str) -> f64 {
    text.chars().map(advance).sum::<f64>() * FONT_PX
}

/// Advance in em.
fn advance(c: char) -> f64 {
    match c {
        ' ' | '\u{a0}' => 0.33,
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.36,
        'f' | 'r' | 't' | '(' | ')' | '[' | ']' | '-' | '/' => 0.42,
        'm' | 'M' | 'w' | 'W' | '%' | '@' | '…' => 1.0,
        '0'..='9' | '$' => 0.65,
        'a'..='z' => 0.64,
        'A'..='Z' => 0.78,
        c if (c as u32) < 0x1100 => 0.86,
        _ => 1.1,
    }
}

/// One line without anything that would break XML, the layout or the reading direction; at most `chars`
/// characters. Markup is not touched here: the SVG backend escapes it.
pub(crate) fn clean(text: &str, chars: usize) -> String {
    let mut kept = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control() && !is_invisible(*c));
    let mut out: String = kept.by_ref().take(chars).collect();
    if kept.next().is_some() {
        out.pop();
        out.push('…');
    }
    out.trim().to_owned()
}

/// Cleans `text` and shortens it until it is at most `room` pixels wide. `None`: nothing worth reading is left.
pub(crate) fn fit(text: &str, room: f64) -> Option<String> {
    let whole = clean(text, 80);
    if whole.is_empty() {
        return None;
    }
    if width(&whole) <= room {
        return Some(whole);
    }
    (3..whole.chars().count()).rev().map(|n| clean(&whole, n)).find(|t| width(t) <= room)
}

/// Bidirectional controls, zero-width characters and non-characters.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_becomes_one_plain_line() {
        assert_eq!(clean("a\u{0}b\u{1b}[31m\nc\u{202e}d", 80), "ab[31m cd");
        assert_eq!(clean("  padded\t", 80), "padded");
        assert_eq!(clean("abcdefgh", 5), "abcd…");
        assert_eq!(clean("abcde", 5), "abcde");
    }

    #[test]
    fn a_label_is_shortened_until_it_fits_or_left_out() {
        assert_eq!(fit("target 80", 200.0).as_deref(), Some("target 80"));
        let short = fit("a very long label of a target", 60.0).unwrap();
        assert!(short.ends_with('…') && width(&short) <= 60.0, "{short}");
        assert_eq!(fit("target", 5.0), None);
        assert_eq!(fit(" \n ", 500.0), None);
    }
}
