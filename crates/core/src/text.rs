//! Small things about sentences.

/// A text whose first letter is a capital one.
pub fn capital(text: &str) -> String {
    let mut all = text.chars();
    all.next().map(|first| first.to_uppercase().chain(all).collect()).unwrap_or_default()
}
