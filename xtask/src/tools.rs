//! Cargo subcommands that the checks use, installed below the build folder in a pinned version: the same on every
//! machine, and cached with the build.

use std::{fs, path::PathBuf, process::Command};

use crate::process::{cargo, command, output, run, show, target};

/// A program of the package registry.
pub struct Tool {
    /// Package and program.
    pub name: &'static str,
    /// Its exact version.
    pub version: &'static str,
}

/// Checks licenses, sources, banned crates and advisories of the dependencies.
pub const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
/// Builds and runs the fuzz targets.
pub const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };

impl Tool {
    fn program(&self) -> PathBuf {
        let file = format!("{}{}", self.name, std::env::consts::EXE_SUFFIX);
        target().join("tools/bin").join(file)
    }

    /// A command for the tool, from the repository's root. Installs it when it is missing or has another version.
    ///
    /// # Errors
    /// The command that failed, which can be run by hand.
    pub fn command(&self) -> Result<Command, String> {
        let program = self.program();
        // The subcommand's own name comes first, as when cargo starts it.
        let word = self.name.trim_start_matches("cargo-");
        let version = output(command(&program).args([word, "--version"])).unwrap_or_default();
        if version.split_whitespace().last() != Some(self.version) {
            self.install()?;
        }
        let mut tool = command(program);
        tool.arg(word);
        Ok(tool)
    }

    fn install(&self) -> Result<(), String> {
        println!("xtask: installing {} {}", self.name, self.version);
        let folder = target().join("tools");
        let build = folder.join("build");
        let mut install = cargo();
        install.args(["install", "--locked", "--force", self.name, "--version", self.version]);
        install.arg("--root").arg(&folder).arg("--target-dir").arg(&build);
        // The tools run for seconds, and their own release profiles take minutes to build.
        install
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_STRIP", "none")
            .env_remove("RUSTFLAGS");
        let text = show(&install);
        run(&mut install).map_err(|error| format!("{error}\nInstall it manually:\n\n    {text}\n"))?;
        // Hundreds of megabytes that are not needed again; a folder that stays does no harm.
        let _ = fs::remove_dir_all(build);
        Ok(())
    }
}
