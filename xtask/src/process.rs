//! Running other programs: always from the repository's root, always with an error that names the command.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The repository's root: the folder above this crate.
///
/// `cargo run` says where the crate is now. Where it was when it was built is the second choice only: a
/// build folder that was moved to another checkout would work on the first one.
pub fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// The folder for build output.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A program built in the debug or release profile.
pub fn built(name: &str, release: bool) -> PathBuf {
    target().join(if release { "release" } else { "debug" }).join(name)
}

/// A command from the root, with the messages of other programs in English so that they can be read back.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).env("LC_ALL", "C.UTF-8").env_remove("LANGUAGE");
    command
}

/// The same cargo that runs this program.
pub fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// npm, in the `ui` folder.
pub fn npm() -> Command {
    let mut npm = command(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.current_dir(root().join("ui"));
    npm
}

/// Whether a program is on the path.
pub fn on_path(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|folder| folder.join(program).is_file() || folder.join(format!("{program}.exe")).is_file())
}

/// How a command reads on a terminal.
pub fn show(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Runs a command to its end, with its output on the terminal.
pub fn run(command: &mut Command) -> Result<(), String> {
    let text = show(command);
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{text}` failed ({status})")),
        Err(error) => Err(format!("failed to start `{text}`: {error}")),
    }
}

/// Runs a command to its end and returns its standard output.
pub fn output(command: &mut Command) -> Result<String, String> {
    let text = show(command);
    let output =
        command.stdin(Stdio::null()).output().map_err(|e| format!("failed to start `{text}`: {e}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!(
            "`{text}` failed ({}): {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        ))
    }
}

/// Runs a command to its end and returns its standard output; what it says on the way (standard error) is on the
/// terminal.
pub fn progress(command: &mut Command) -> Result<String, String> {
    let text = show(command);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    match output {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => Err(format!("`{text}` failed ({})", output.status)),
        Err(error) => Err(format!("`{text}` could not be started: {error}")),
    }
}

/// The same command, less urgent than what runs beside it, where the system can say so.
pub fn gently(urgent: &Command) -> Command {
    let mut gentle = if on_path("nice") {
        let mut nice = Command::new("nice");
        nice.args(["-n", "5"]).arg(urgent.get_program());
        nice
    } else {
        Command::new(urgent.get_program())
    };
    gentle.args(urgent.get_args());
    if let Some(folder) = urgent.get_current_dir() {
        gentle.current_dir(folder);
    }
    for (name, value) in urgent.get_envs() {
        match value {
            Some(value) => gentle.env(name, value),
            None => gentle.env_remove(name),
        };
    }
    gentle
}

/// Runs a command and hands every line of its output (of both streams) to `each` as it comes.
/// Returns whether it succeeded.
pub fn follow(command: &mut Command, mut each: impl FnMut(&str)) -> Result<bool, String> {
    let text = show(command);
    let (reader, writer) = std::io::pipe().map_err(|e| format!("failed to open a pipe for `{text}`: {e}"))?;
    let second = writer.try_clone().map_err(|e| format!("failed to open a pipe for `{text}`: {e}"))?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer)
        .stderr(second)
        .spawn()
        .map_err(|e| format!("failed to start `{text}`: {e}"))?;
    // The command holds copies of the pipe's writing end; the reader would wait for ever on them.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line);
                each(text.trim_end_matches(['\n', '\r']));
            }
            Err(error) => return Err(format!("failed to read the output of `{text}`: {error}")),
        }
    }
    let status = child.wait().map_err(|e| format!("`{text}`: {e}"))?;
    Ok(status.success())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_less_urgent_command_is_the_same_command() {
        let urgent = || {
            let mut shell = command("sh");
            shell.args(["-c", "echo $AT $LANGUAGE; pwd; nice"]).env("AT", "a place").current_dir("/");
            shell
        };
        let said = |mut command: Command| output(&mut command).unwrap();
        let (urgent, gentle) = (said(urgent()), said(gently(&urgent())));
        let (urgent, gentle): (Vec<&str>, Vec<&str>) = (urgent.lines().collect(), gentle.lines().collect());
        assert_eq!((urgent[0], urgent[1]), ("a place", "/"));
        assert_eq!(gentle[..2], urgent[..2]);
        if on_path("nice") {
            let urgency = |said: &[&str]| said[2].parse::<i32>().unwrap();
            assert_eq!(urgency(&gentle), (urgency(&urgent) + 5).min(19));
        }
    }
}
