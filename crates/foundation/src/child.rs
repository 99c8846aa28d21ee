//! Starts other programs (Git, promtool, Docker, a browser) with a cleared environment.
//!
//! `AETHER_*` variables carry credentials, and other variables may too. A child process gets the variables
//! that programs need to find their files, their display and their language, and nothing else. Every child
//! process of the panel is built here; a test refuses `Command::new` anywhere else.

use std::{
    ffi::{OsStr, OsString},
    process::Command,
};

use aether_clients::sensitive::is_sensitive_variable;

/// Names of variables that every child process may read. Compared without case, as Windows does.
const NAMES: &[&str] = &[
    // Finding programs and files.
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TMP",
    "TEMP",
    "TZ",
    // Language and terminal.
    "LANG",
    "LANGUAGE",
    "TERM",
    // The desktop, for a browser and for prompts of GPG or SSH.
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DESKTOP_SESSION",
    "GNOME_DESKTOP_SESSION_ID",
    "KDE_FULL_SESSION",
    "KDE_SESSION_VERSION",
    "BROWSER",
    "SSH_AUTH_SOCK",
    "GNUPGHOME",
    "GPG_TTY",
    // Who commits, and which settings of Git apply. Variables that lead Git to another repository are left out.
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
    // Windows.
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
    "USERPROFILE",
    "USERNAME",
    "HOMEDRIVE",
    "HOMEPATH",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    "ProgramFiles",
    "ProgramFiles(x86)",
];

/// Beginnings of names of variables that every child process may read, unless the name is that of a credential.
const PREFIXES: &[&str] = &["LC_", "DOCKER_", "XDG_", "DBUS_"];

/// A command for `program` that inherits only allowed variables.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    clear(&mut command);
    command
}

/// A command for promtool or amtool: the program that `AETHER_PROMTOOL` or `AETHER_AMTOOL` names, else the one on the
/// `PATH`. Every call of either is built here.
pub fn tool(program: &str) -> Command {
    command(named(program, |variable| std::env::var_os(variable)))
}

/// What is started for a program, given how its variable is looked up.
fn named(program: &str, variable: impl Fn(&str) -> Option<OsString>) -> OsString {
    let name = match program {
        "promtool" => "AETHER_PROMTOOL",
        "amtool" => "AETHER_AMTOOL",
        _ => return program.into(),
    };
    variable(name).filter(|path| !path.is_empty()).unwrap_or_else(|| program.into())
}

/// Removes from `command` every inherited variable that is not allowed. Variables set on the command itself
/// stay only when they are set after this call.
pub fn clear(command: &mut Command) {
    command.env_clear().envs(allowed(std::env::vars_os()));
}

fn allowed(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> impl Iterator<Item = (OsString, OsString)> {
    variables.filter(|(name, _)| name.to_str().is_some_and(is_allowed))
}

fn is_allowed(name: &str) -> bool {
    let starts_with =
        |prefix: &&str| name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    // Docker's client reads registry credentials from DOCKER_AUTH_CONFIG; nothing that the panel runs needs them.
    if starts_with(&"DOCKER_") && is_sensitive_variable(name) {
        return false;
    }
    NAMES.iter().any(|allowed| allowed.eq_ignore_ascii_case(name)) || PREFIXES.iter().any(starts_with)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn child_process_inherits_only_allowed_variables() {
        let variables = [
            ("PATH", true),
            ("Path", true),
            ("LC_ALL", true),
            ("XDG_RUNTIME_DIR", true),
            ("DOCKER_HOST", true),
            ("SYSTEMROOT", true),
            ("AETHER_GRAFANA_TOKEN", false),
            ("AWS_SECRET_ACCESS_KEY", false),
            ("GIT_DIR", false),
            ("GIT_CONFIG_COUNT", false),
            ("LD_PRELOAD", false),
            ("DOCKER_CERT_PATH", true),
            ("XDG_SESSION_ID", true),
            ("DBUS_SESSION_BUS_ADDRESS", true),
            ("DOCKER_AUTH_CONFIG", false),
            ("DOCKER_PASSWORD", false),
            ("L", false),
            ("PATH_TO_SECRET", false),
        ];
        for (name, expected) in variables {
            let kept = allowed([(name.into(), "value".into())].into_iter()).count();
            assert_eq!(kept == 1, expected, "{name}");
        }
    }

    #[test]
    fn a_tool_is_the_one_that_its_variable_names() {
        let set = |path: &'static str| move |_: &str| Some(OsString::from(path));
        assert_eq!(named("promtool", |name| (name == "AETHER_PROMTOOL").then(|| "/x/p".into())), "/x/p");
        assert_eq!(named("amtool", |name| (name == "AETHER_AMTOOL").then(|| "/x/a".into())), "/x/a");
        assert_eq!(named("promtool", |_| None), "promtool");
        assert_eq!(named("amtool", set("")), "amtool");
        assert_eq!(named("git", set("/x/git")), "git");
    }

    #[cfg(unix)]
    #[test]
    fn cleared_command_passes_nothing_else_on() {
        let mut printing = Command::new("env");
        printing.env("AETHER_GRAFANA_TOKEN", "s3cret");
        clear(&mut printing);
        printing.env("LC_ALL", "C");
        let text = String::from_utf8(printing.output().unwrap().stdout).unwrap();
        assert!(text.contains("LC_ALL=C") && text.contains("PATH="), "{text}");
        for line in text.lines() {
            let (name, _) = line.split_once('=').unwrap();
            assert!(is_allowed(name), "{name} was passed on");
        }
    }
}
