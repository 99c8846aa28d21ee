//! How a silence is marked as a maintenance window of the panel: a tag at the start of its comment.

use aether_contract::WindowId;

/// The comment that Alertmanager keeps: tag, then reason.
pub fn comment(window: &WindowId, reason: &str) -> String {
    format!("[win:{}] {reason}", window.0)
}

/// Splits a comment into the panel's tag, if it carries one, and the reason.
pub fn read_comment(comment: &str) -> (Option<WindowId>, &str) {
    let tagged = comment.trim_start().strip_prefix("[win:").and_then(|rest| rest.split_once(']'));
    if let Some((id, reason)) = tagged
        && uuid::Uuid::try_parse(id).is_ok()
    {
        return (Some(WindowId(id.to_ascii_lowercase())), reason.trim_start());
    }
    (None, comment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_back_and_a_lookalike_is_a_comment() {
        let id = WindowId("8c0f5b62-3d2c-4f62-9d5e-0f4f5d1f7a11".into());
        let written = comment(&id, "deploy [win:x] 2");
        assert_eq!(read_comment(&written), (Some(id), "deploy [win:x] 2"));
        assert_eq!(read_comment("[win:nonsense] x"), (None, "[win:nonsense] x"));
        assert_eq!(read_comment("plain"), (None, "plain"));
    }
}
