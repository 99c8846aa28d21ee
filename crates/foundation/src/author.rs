//! Who does something, and why: the two texts that every record carries.

/// Longest reason, in characters.
pub const MAX_REASON: usize = 500;

/// Longest author, in characters.
pub const MAX_AUTHOR: usize = 128;

/// The author to write: what was asked for, else the OS user.
pub fn author(asked: &str) -> String {
    let asked = asked.trim();
    if asked.is_empty() { default_author() } else { asked.to_owned() }
}

/// The OS user, as the environment tells it.
pub fn default_author() -> String {
    ["USER", "USERNAME", "LOGNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .map(|name| name.trim().chars().take(MAX_AUTHOR).collect::<String>())
        .find(|name| !name.is_empty())
        .unwrap_or_else(|| "aetherlink-panel".to_owned())
}
