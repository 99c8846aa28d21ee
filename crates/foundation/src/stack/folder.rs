//! The folder of profiles: what each file held when it was last read, and when it was last good. Refuses to read
//! anything but small regular files, and more than 200 of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use aether_contract::{ErrorCode, PanelError};

use super::{
    BUILTIN_NAME, Profile, is_name,
    read::{self, Naming},
};
use crate::paths::{self, Home};

/// Most profiles that are read.
const MAX_FILES: usize = 200;

/// One stack.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    /// Its file; `None`: built in.
    pub path: Option<PathBuf>,
    /// What is wrong with the file as it stands.
    pub error: Option<PanelError>,
    /// The profile that was last good.
    pub good: Option<Arc<Profile>>,
    /// The file as it was last read.
    text: Option<String>,
}

impl Loaded {
    fn builtin() -> Self {
        Self { path: None, error: None, good: Some(Arc::new(Profile::builtin())), text: None }
    }
}

/// All stacks by name.
pub(super) struct Folder {
    dir: PathBuf,
    last_good: PathBuf,
    stacks: BTreeMap<String, Loaded>,
    /// A file outside the folder that this run was pointed at, and the stack that it is.
    outside: Option<(String, PathBuf)>,
}

impl Folder {
    /// An unread folder: only the built-in stack.
    pub(super) fn new(home: &Home) -> Self {
        Self {
            dir: home.stacks_dir(),
            last_good: home.last_good_dir(),
            stacks: BTreeMap::from([(BUILTIN_NAME.to_owned(), Loaded::builtin())]),
            outside: None,
        }
    }

    /// One stack.
    pub(super) fn get(&self, name: &str) -> Option<&Loaded> {
        self.stacks.get(name)
    }

    /// All of them, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Loaded)> {
        self.stacks.iter()
    }

    /// Where the named stack's file is, or would be.
    pub(super) fn path_for(&self, name: &str) -> PathBuf {
        match &self.outside {
            Some((outside, path)) if outside == name => path.clone(),
            _ => self.dir.join(format!("{name}.toml")),
        }
    }

    /// Whether the named stack's file has to bear its name.
    pub(super) fn naming(&self, name: &str) -> Naming {
        match &self.outside {
            Some((outside, _)) if outside == name => Naming::Free,
            _ => Naming::OfTheFile,
        }
    }

    /// Adds a file outside the folder; it stands before one of the same name inside.
    pub(super) fn add_outside(&mut self, path: &Path) -> Result<String, PanelError> {
        let text = paths::read_small(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => PanelError::new(
                ErrorCode::NotFound,
                path.display().to_string(),
                format!("File {} not found.", path.display()),
            ),
            _ => paths::storage("read", path, &error),
        })?;
        let profile = Profile::parse(&text, path)?;
        let name = profile.name.clone();
        let loaded = Loaded {
            path: Some(path.to_path_buf()),
            error: None,
            good: Some(Arc::new(profile)),
            text: Some(text),
        };
        self.stacks.insert(name.clone(), loaded);
        self.outside = Some((name.clone(), path.to_path_buf()));
        Ok(name)
    }

    /// Reads what changed. `active` names the stack in force, whose last good profile outlives its file.
    pub(super) fn scan(&mut self, active: &str) {
        let mut files = self.files();
        if let Some((name, path)) = &self.outside {
            files.insert(name.clone(), path.clone());
        }
        let known: BTreeSet<String> = self.stacks.keys().cloned().collect();
        for name in known.iter().filter(|name| !files.contains_key(*name)) {
            self.gone(name, name == active);
        }
        for (name, path) in files {
            self.visit(&name, &path);
        }
    }

    /// Profiles in the folder by stack name.
    fn files(&self) -> BTreeMap<String, PathBuf> {
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) => {
                if error.kind() != std::io::ErrorKind::NotFound {
                    tracing::warn!(%error, dir = %self.dir.display(), "failed to read the profile folder");
                }
                return BTreeMap::new();
            }
        };
        entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .filter_map(|path| {
                let name = path.file_stem()?.to_string_lossy().into_owned();
                (!name.starts_with('.')).then_some((name, path))
            })
            .collect::<BTreeMap<_, _>>()
            .into_iter()
            .take(MAX_FILES)
            .collect()
    }

    /// The file of a stack is not there (any more).
    fn gone(&mut self, name: &str, active: bool) {
        let Some(loaded) = self.stacks.get_mut(name) else { return };
        let Some(path) = &loaded.path else { return };
        if active && loaded.good.is_some() {
            // Some editors delete a file for a moment while they save it; and a person at work must not find
            // themselves on another stack.
            loaded.text = None;
            loaded.error = Some(
                PanelError::new(
                    ErrorCode::NotFound,
                    path.display().to_string(),
                    format!(
                        "The profile of stack \"{name}\" was removed; the last valid version stays in \
                        use."
                    ),
                )
                .with_hint("Select another stack, or save this one again."),
            );
            return;
        }
        let copy = self.copy_of(name);
        if name == BUILTIN_NAME {
            self.stacks.insert(name.to_owned(), Loaded::builtin());
        } else {
            self.stacks.remove(name);
        }
        let _ = std::fs::remove_file(copy);
    }

    /// Reads a file if it changed.
    fn visit(&mut self, name: &str, path: &Path) {
        let before = self.stacks.get(name).filter(|loaded| loaded.path.as_deref() == Some(path));
        let text = match paths::read_small(path) {
            Ok(text) => text,
            Err(error) => {
                let good = before.and_then(|loaded| loaded.good.clone()).or_else(|| self.recall(name, path));
                let error = Some(paths::storage("read", path, &error));
                let loaded = Loaded { path: Some(path.to_path_buf()), error, good, text: None };
                self.stacks.insert(name.to_owned(), loaded);
                return;
            }
        };
        if before.is_some_and(|loaded| loaded.text.as_ref() == Some(&text)) {
            return;
        }
        let (good, error) = match self.parse(name, &text, path) {
            Ok(profile) => {
                self.remember(name, &text);
                (Some(Arc::new(profile)), None)
            }
            Err(mut error) => {
                let good = before.and_then(|loaded| loaded.good.clone()).or_else(|| self.recall(name, path));
                if good.is_some() {
                    error.hint =
                        "The last valid version of the profile stays in use until this is fixed.".to_owned();
                }
                tracing::warn!(stack = name, error = %error, "invalid profile");
                (good, Some(error))
            }
        };
        let loaded = Loaded { path: Some(path.to_path_buf()), error, good, text: Some(text) };
        self.stacks.insert(name.to_owned(), loaded);
    }

    fn parse(&self, name: &str, text: &str, path: &Path) -> Result<Profile, PanelError> {
        let profile = read::read(text, path, self.naming(name))
            .map_err(|problems| super::values::to_error(&problems, text, path))?;
        if profile.name != name {
            // Only a file outside the folder can change its name under us.
            return Err(PanelError::new(
                ErrorCode::InvalidConfig,
                path.display().to_string(),
                format!("The active profile's name changed from \"{name}\"."),
            )
            .with_hint("Restart the panel to use it under the new name."));
        }
        Ok(profile)
    }

    fn copy_of(&self, name: &str) -> PathBuf {
        self.last_good.join(format!("{name}.toml"))
    }

    /// Keeps a copy of a good file. Best effort: the copy only matters after the file was broken.
    fn remember(&self, name: &str, text: &str) {
        if !is_name(name) || self.naming(name) == Naming::Free {
            return;
        }
        let copy = self.copy_of(name);
        if paths::read_small(&copy).is_ok_and(|kept| kept == text) {
            return;
        }
        if let Err(error) = paths::write_atomically(&copy, text.as_bytes()) {
            tracing::warn!(%error, stack = name, "failed to save a copy of the valid profile");
        }
    }

    /// The profile that was good when an earlier run read it.
    fn recall(&self, name: &str, path: &Path) -> Option<Arc<Profile>> {
        if !is_name(name) || self.naming(name) == Naming::Free {
            return None;
        }
        let text = paths::read_small(&self.copy_of(name)).ok()?;
        self.parse(name, &text, path).ok().map(Arc::new)
    }
}
