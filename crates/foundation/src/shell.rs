//! Quotes words of suggested commands. Paths, names and addresses come from servers and files; pasted into a shell,
//! each of them stays one word and nothing more.

/// A word for a POSIX shell: for commands of a server's Linux machine or of the inside of a container.
pub fn posix(word: &str) -> String {
    // Without `=` and `~`: zsh expands a word that begins with one.
    if is_plain(word, "-_./:@%+,") {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A path for a POSIX shell. One that begins with a dash would be read as an option.
pub fn posix_path(path: &str) -> String {
    if path.starts_with('-') { posix(&format!("./{path}")) } else { posix(path) }
}

/// A word for PowerShell. Within single quotes nothing is expanded; PowerShell takes typographic quotes for quotes too.
pub fn powershell(word: &str) -> String {
    if is_plain(word, "-_./:") {
        return word.to_owned();
    }
    let mut quoted = String::from("'");
    for c in word.chars() {
        quoted.push(c);
        if matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') {
            quoted.push(c);
        }
    }
    quoted.push('\'');
    quoted
}

/// A word for the shell of this machine: for commands of programs that run beside the panel, such as `docker`.
pub fn local(word: &str) -> String {
    if cfg!(windows) { powershell(word) } else { posix(word) }
}

fn is_plain(word: &str, signs: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn powershell_words_are_quoted() {
        for (word, expected) in [
            ("aether-prom", "aether-prom"),
            ("/data/a-b_c.d", "/data/a-b_c.d"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", "'it''s'"),
            ("\u{2019}; rm x", "'\u{2019}\u{2019}; rm x'"),
            ("\u{201a}\u{201b}\u{2018}", "'\u{201a}\u{201a}\u{201b}\u{201b}\u{2018}\u{2018}'"),
            ("$(calc)", "'$(calc)'"),
            ("$env:AETHER_GRAFANA_TOKEN", "'$env:AETHER_GRAFANA_TOKEN'"),
            ("a`nb", "'a`nb'"),
            ("a;b|c&d", "'a;b|c&d'"),
            ("@{a=1}", "'@{a=1}'"),
            ("a\nb", "'a\nb'"),
            ("C:\\Program Files\\x", "'C:\\Program Files\\x'"),
        ] {
            assert_eq!(powershell(word), expected);
        }
    }

    /// The arguments that a real shell makes of a command line.
    #[cfg(unix)]
    fn arguments(words: &[String]) -> Vec<String> {
        let line = format!("printf '%s\\0' {}", words.join(" "));
        let output = std::process::Command::new("sh").arg("-c").arg(line).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    #[cfg(unix)]
    #[test]
    fn posix_words_survive_a_real_shell() {
        let hostile = [
            "it's; rm -rf ~",
            "$(touch /pwned)",
            "`id`",
            "a b",
            "a\nrm -rf x",
            "\"",
            "'",
            "''",
            "\\",
            "$HOME",
            "*",
            "~",
            "=ls",
            "{a,b}",
            "#x",
            "!!",
            "a&b|c>d<e",
            "\u{2019}",
            "-rf",
            "",
        ];
        let words: Vec<String> = hostile.iter().map(|word| posix(word)).collect();
        assert_eq!(arguments(&words), hostile);
        assert_eq!(arguments(&[posix_path("-rf"), posix_path("/a b")]), ["./-rf", "/a b"]);
    }

    #[cfg(unix)]
    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn any_text_stays_one_posix_word(word in "[^\0]{0,40}") {
            prop_assert_eq!(arguments(&[posix(&word)]), vec![word]);
        }
    }
}
