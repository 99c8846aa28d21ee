//! Names of files that come from elsewhere: which are safe on every platform, and safe ones for any text. Pure.

use std::{collections::BTreeSet, path::Path};

/// Longest file name made from a foreign text, in bytes, without its ending.
const MAX_NAME: usize = 120;
/// Longest segment of a path made from a foreign one, in bytes.
const MAX_SEGMENT: usize = 200;

/// Why a path from a manifest, an archive or a remote copy is refused; none when it is safe on every platform.
///
/// Segments that begin with a dot are refused because tools look for such names: Git runs programs that a `.git/config`
/// names. The same holds for every name that a file system turns into `.git`.
pub fn refusal(path: &str) -> Option<&'static str> {
    if !is_relative(path) {
        return Some("its path is not a plain relative path inside the backup");
    }
    path.split('/').find_map(segment_refusal)
}

/// Whether [`refusal`] has nothing against a path.
pub fn is_inside(path: &str) -> bool {
    refusal(path).is_none()
}

/// Whether a path is relative and stays below the directory it is joined to, on every platform. Its segments may
/// begin with a dot.
pub fn is_relative(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= 1000
        && !path.contains(['\\', ':', '\0'])
        && !path.chars().any(char::is_control)
        && path.split('/').all(|segment| !segment.is_empty() && segment != "." && segment != "..")
        && Path::new(path).is_relative()
}

/// As [`is_inside`], for a file that exists already: this platform may allow characters that another one refuses.
pub fn is_here(path: &str) -> bool {
    if cfg!(unix) {
        is_relative(&path.replace(['\\', ':'], "_"))
            && path.split('/').all(|one| segment_refusal(one).is_none())
    } else {
        is_inside(path)
    }
}

/// Why one segment of a path is refused.
pub fn segment_refusal(segment: &str) -> Option<&'static str> {
    if is_git_name(segment) {
        return Some("its path contains a name reserved by Git");
    }
    let hidden = segment.chars().find(|c| !is_ignorable(*c)).is_some_and(|first| first == '.');
    hidden.then_some("its path contains a name that starts with a dot")
}

/// Whether a file system may take a name for `.git`: in any case, with characters that HFS+ ignores, with trailing
/// dots and spaces or an alternate data stream (NTFS), or by its short name `git~1`.
pub fn is_git_name(segment: &str) -> bool {
    let visible: String =
        segment.chars().filter(|c| !is_ignorable(*c)).collect::<String>().to_ascii_lowercase();
    // NTFS: what follows a colon names a stream of the same file; a backslash ends the name.
    let name = visible.split([':', '\\']).next().unwrap_or_default().trim_end_matches(['.', ' ']);
    let short = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    name == ".git" || name.strip_prefix("git~").is_some_and(short)
}

/// Whether HFS+ ignores a character in names, or a screen does not show it.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// File names for foreign texts such as uids: readable, different from each other on file systems that know no
/// case, and allowed everywhere.
#[derive(Debug, Default)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A name for `text`, without ending.
    pub fn name(&mut self, text: &str) -> String {
        let plain = plain(text);
        let mut name = plain.clone();
        let mut number = 2_u32;
        while !self.taken.insert(name.to_lowercase()) {
            name = format!("{plain}~{number}");
            number = number.saturating_add(1);
        }
        name
    }

    /// `path`, or with a number before its ending where that is taken.
    pub fn path(&mut self, path: &str) -> String {
        let cut = path.rfind('.').filter(|dot| path.get(*dot..).is_some_and(|end| !end.contains('/')));
        let (plain, ending) = path.split_at(cut.unwrap_or(path.len()));
        let mut name = path.to_owned();
        let mut number = 2_u32;
        while !self.taken.insert(name.to_lowercase()) {
            name = format!("{plain}~{number}{ending}");
            number = number.saturating_add(1);
        }
        name
    }
}

/// Whether a path can be one on every platform: Windows refuses some characters, names of devices, and a dot
/// or a space at a name's end.
pub fn is_portable(path: &str) -> bool {
    path.split('/').all(|segment| portable(segment) == segment)
}

/// A name that every platform takes: what one of them refuses is written as `%` and two digits. Other names
/// stay as they are.
pub fn portable(segment: &str) -> String {
    let mut name = String::new();
    let last = segment.chars().count().saturating_sub(1);
    for (index, c) in segment.chars().enumerate() {
        let refused = c.is_control()
            || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
            || (index == last && matches!(c, '.' | ' '));
        if name.len() + c.len_utf8() > MAX_SEGMENT {
            break;
        }
        if refused { name.push_str(&format!("%{:02X}", u32::from(c))) } else { name.push(c) }
    }
    if is_device(name.split('.').next().unwrap_or_default()) {
        name.insert(0, '%');
    }
    name
}

/// Whether Windows takes a name for a device's.
fn is_device(name: &str) -> bool {
    let lower = name.trim_end().to_ascii_lowercase();
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = lower.len() - stem.len();
    match stem {
        "con" | "prn" | "aux" | "nul" => digits == 0,
        "com" | "lpt" => digits == 1,
        _ => false,
    }
}

/// The text that a file was named after by [`Names::name`], as far as its name tells.
pub fn text_of(file: &str) -> String {
    let stem = file.rsplit('/').next().unwrap_or_default();
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let mut stem = stem.split_once('~').map_or(stem, |(stem, _)| stem);
    let mut bytes = Vec::new();
    while let Some(first) = stem.bytes().next() {
        let coded = stem.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let (byte, taken) = match coded {
            Some(byte) if first == b'%' => (Some(byte), 3),
            // What is put before a device's name, and before nothing.
            _ if first == b'%' => (None, 1),
            _ => (Some(first), 1),
        };
        bytes.extend(byte);
        stem = stem.get(taken..).unwrap_or_default();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn plain(text: &str) -> String {
    let mut name = String::new();
    for byte in text.bytes() {
        let written = if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        };
        if name.len() + written.len() > MAX_NAME {
            break;
        }
        name.push_str(&written);
    }
    if name.is_empty() || is_device(&name) {
        name.insert(0, '%');
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn uids_that_differ_in_case_alone_get_different_files() {
        let mut names = Names::default();
        assert_eq!(names.name("AbC"), "AbC");
        assert_eq!(names.name("aBc"), "aBc~2");
        assert_eq!(names.name("../etc/passwd"), "%2E%2E%2Fetc%2Fpasswd");
        assert_eq!(names.name("con"), "%con");
        assert_eq!(names.name("COM1"), "%COM1");
        assert_eq!(names.name(""), "%");
        assert!(names.name(&"x".repeat(5000)).len() <= 130);
    }

    #[test]
    fn a_path_that_climbs_out_is_none_of_the_backup() {
        for good in ["manifest.json", "grafana/dashboards/a.json", "configs/a b.yml"] {
            assert!(is_inside(good), "{good}");
        }
        for bad in ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "C:/x", "a\\b", "a\0b", "a/."] {
            assert!(!is_inside(bad), "{bad:?}");
        }
    }

    #[test]
    fn path_with_a_hidden_or_git_segment_is_refused() {
        let hidden =
            [".env", "configs/.env", ".hidden/a", "a/..data/b", "a/...", "\u{200c}.x", "._a", "a/.DS_Store"];
        for path in hidden {
            assert_eq!(refusal(path), Some("its path contains a name that starts with a dot"), "{path:?}");
            assert!(!is_here(path), "{path:?}");
        }
        let git = [
            ".git/HEAD",
            "a/.GIT/config",
            "a/.Git",
            ".git./config",
            ".git /config",
            ".git . ./config",
            "git~1/config",
            "x/GIT~1",
            "git~12",
            ".g\u{200c}it/config",
            "\u{feff}.git",
            ".gi\u{202e}t\u{200d}/hooks/pre-commit",
        ];
        for path in git {
            let why = refusal(path).unwrap_or_default();
            assert!(why.contains("Git"), "{path:?}: {why}");
            assert!(!is_here(path), "{path:?}");
        }
        for stream in [".git::$INDEX_ALLOCATION/config", ".git:x", ".git\\config", "git~1:x"] {
            assert!(is_git_name(stream.split('/').next().unwrap()) && !is_inside(stream) && !is_here(stream));
        }
        for good in
            ["git/config", "configs/git.yml", "a.git/b", "git~/a", "git~x", "git~1.json", "HEAD", "a.b/c"]
        {
            assert_eq!(refusal(good), None, "{good}");
        }
    }

    #[test]
    fn names_that_windows_refuses_are_written_otherwise() {
        for good in ["a.json", "CPU usage (5m).json", "auxiliary.json", "com10.json", "über.json"] {
            assert!(is_portable(good), "{good}");
        }
        for (bad, good) in [
            ("CPU: usage?.json", "CPU%3A usage%3F.json"),
            ("aux.json", "%aux.json"),
            ("Con", "%Con"),
            ("LPT1.dashboard", "%LPT1.dashboard"),
            ("ends in a dot.", "ends in a dot%2E"),
            ("a\\b", "a%5Cb"),
        ] {
            assert!(!is_portable(bad), "{bad}");
            assert_eq!(portable(bad), good);
            assert!(is_portable(good), "{good}");
        }
        let mut names = Names::default();
        let all = ["a/B.json", "a/b.json", "a/b", "a/B"].map(|path| names.path(path));
        assert_eq!(all, ["a/B.json", "a/b~2.json", "a/b", "a/B~2"]);
    }

    proptest! {
        #[test]
        fn a_files_name_tells_what_it_was_named_after(text in "[a-zA-Z0-9 ._:/%~äß-]{0,30}") {
            let mut names = Names::default();
            for _ in 0..2 {
                let name = names.name(&text);
                prop_assert_eq!(text_of(&format!("grafana/dashboards/{name}.json")), text.clone(), "{}", name);
            }
        }

        #[test]
        fn every_text_becomes_a_path_inside(text in "\\PC*") {
            let name = Names::default().name(&text);
            prop_assert!(is_inside(&format!("grafana/{name}.json")), "{name}");
        }
    }
}
