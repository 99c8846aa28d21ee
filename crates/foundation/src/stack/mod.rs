//! Stacks: profiles as files in `config/stacks`, the one in force, and switching between them.
//!
//! A wrong file is refused and the profile that was last good stays in force, also when the file was broken while
//! the panel was closed (a copy of each good file is kept in the data folder). The module refuses to guess: a stack
//! whose file never was good has no addresses, rather than another stack's.

mod builtin;
mod check;
mod checks;
pub mod edit;
mod edit_checks;
mod endpoint;
mod escalation;
mod folder;
mod profile;
mod read;
mod section;
mod values;

/// Docker's address and the container that Prometheus runs in.
pub fn prometheus_container(profile: &Profile) -> Option<(String, String)> {
    let pin = profile.pins.iter().find(|pin| pin.service == "prometheus")?;
    Some((profile.docker_host.clone()?, pin.container.clone()))
}

#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aether_contract::{
    ErrorCode, PanelError, StackDetail, StackEntry, StackList, StackSaveRequest, StackSource,
};

pub use check::is_name;
pub use escalation::{Contact, EscalationTable, TEXT};
pub use profile::{
    BUILTIN_NAME, ComposeSpec, CustomCheck, Elsewhere, Escalation, Expected, OwnKind, Pack, Pin, Profile,
};

use crate::paths::{self, Home};
use folder::{Folder, Loaded};

/// All stacks of one installation.
pub struct Stacks {
    home: Home,
    inner: Mutex<Inner>,
}

struct Inner {
    folder: Folder,
    /// What the state file says a person has chosen.
    chosen: Option<String>,
    /// What this run was started with.
    overridden: Option<String>,
    active: Arc<Profile>,
}

impl Inner {
    fn active_name(&self) -> &str {
        self.overridden.as_deref().or(self.chosen.as_deref()).unwrap_or(BUILTIN_NAME)
    }

    /// Puts the named stack's good profile into force; without one, a stand-in that has no address.
    fn settle(&mut self) {
        let name = self.active_name().to_owned();
        let profile = match self.folder.get(&name) {
            Some(Loaded { good: Some(good), .. }) => Arc::clone(good),
            Some(loaded) => Arc::new(builtin::defaults(&name, loaded.source())),
            None => Arc::new(Profile::builtin()),
        };
        if *self.active != *profile {
            self.active = profile;
        }
    }
}

impl Stacks {
    /// Reads the folder of profiles. Never fails: a wrong file is an entry with an error.
    pub fn open(home: &Home) -> Self {
        let chosen = read_state(home);
        let mut folder = Folder::new(home);
        folder.scan(chosen.as_deref().unwrap_or(BUILTIN_NAME));
        let chosen_exists = chosen.as_deref().is_none_or(|name| folder.get(name).is_some());
        if !chosen_exists {
            tracing::warn!(
                stack = chosen.as_deref(),
                "the profile of the selected stack is missing; using the built-in stack"
            );
        }
        let mut inner = Inner {
            folder,
            chosen: chosen.filter(|_| chosen_exists),
            overridden: None,
            active: Arc::new(Profile::builtin()),
        };
        inner.settle();
        Self { home: home.clone(), inner: Mutex::new(inner) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All stacks and which one is in force.
    pub fn list(&self) -> StackList {
        list(&self.lock())
    }

    /// The profile in force. Without an address in [`Profile::prometheus`] when the stack's file never was good; its
    /// entry in [`Self::list`] then says what is wrong.
    pub fn active(&self) -> Arc<Profile> {
        Arc::clone(&self.lock().active)
    }

    /// Puts another stack into force and remembers it.
    ///
    /// # Errors
    /// `not-found` for an unknown name, `invalid-config` when its file is wrong and never was good, `storage`.
    pub fn select(&self, name: &str) -> Result<(), PanelError> {
        let mut inner = self.lock();
        usable(&inner.folder, name)?;
        write_state(&self.home, name)?;
        inner.chosen = Some(name.to_owned());
        inner.overridden = None;
        inner.settle();
        Ok(())
    }

    /// The profile of a stack, in force or not.
    ///
    /// # Errors
    /// As [`Self::select`].
    pub fn profile(&self, name: &str) -> Result<Arc<Profile>, PanelError> {
        usable(&self.lock().folder, name)
    }

    /// One stack's profile.
    ///
    /// # Errors
    /// As [`Self::select`].
    pub fn detail(&self, name: &str) -> Result<StackDetail, PanelError> {
        usable(&self.lock().folder, name).map(|profile| profile.detail())
    }

    /// Creates or changes a stack's file; what the request does not name stays as it stands, comments too.
    ///
    /// # Errors
    /// `invalid-request` when the outcome would not be a valid profile (nothing is written then), `invalid-config`
    /// when the file as it stands is no TOML, `storage`.
    pub fn save(&self, request: &StackSaveRequest) -> Result<StackDetail, PanelError> {
        let mut inner = self.lock();
        if !is_name(&request.name) {
            return Err(PanelError::new(
                ErrorCode::InvalidRequest,
                "stack",
                "A stack name must be 1 to 64 characters: a-z, 0-9, - and _.",
            ));
        }
        let path = inner.folder.path_for(&request.name);
        let before = match paths::read_small(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(paths::storage("read", &path, &error)),
        };
        let after = edit::apply(before.as_deref(), request, &path)?;
        let naming = inner.folder.naming(&request.name);
        read::read(&after, &path, naming).map_err(|problems| {
            let mut error = values::to_error(&problems, &after, &path);
            error.code = ErrorCode::InvalidRequest;
            // Lines mean nothing to a person who filled in a form.
            if let Some(first) = problems.first() {
                error.message = format!("{}: {}.", first.key, first.text);
            }
            error.with_hint("Nothing was written.")
        })?;
        if before.as_deref() != Some(after.as_str()) {
            paths::write_atomically(&path, after.as_bytes())
                .map_err(|error| paths::storage("write", &path, &error))?;
        }
        if request.select {
            write_state(&self.home, &request.name)?;
            inner.chosen = Some(request.name.clone());
            inner.overridden = None;
        }
        let active = inner.active_name().to_owned();
        inner.folder.scan(&active);
        inner.settle();
        usable(&inner.folder, &request.name).map(|profile| profile.detail())
    }

    /// The file of the stack in force with another image for a pinned service: its path, its text, its text
    /// after. Nothing is written.
    ///
    /// # Errors
    /// In words: the stack has no file, or the file can't be changed.
    pub fn repinned(&self, service: &str, image: &str) -> Result<(PathBuf, String, String), String> {
        let active = self.active();
        let StackSource::File { path } = &active.source else {
            return Err("the stack is built in and has no file; create one in Settings, Stacks".to_owned());
        };
        let path = PathBuf::from(path);
        let before = paths::read_small(&path)
            .map_err(|error| format!("failed to read {}: {error}", path.display()))?;
        let after = edit::pin(&before, service, image, &active.pins)
            .map_err(|why| format!("{}: {why}", path.display()))?;
        let naming = self.lock().folder.naming(&active.name);
        match read::read(&after, &path, naming) {
            Ok(read) if read.pins.iter().any(|pin| pin.service == service && pin.image == image) => {
                Ok((path, before, after))
            }
            Ok(_) => Err(format!("{} cannot be updated automatically; edit it manually", path.display())),
            Err(problems) => Err(values::to_error(&problems, &after, &path).message),
        }
    }

    /// Looks at the files again. True when the list or the profile in force changed.
    pub fn reload_if_changed(&self) -> bool {
        let mut inner = self.lock();
        let (list_before, active_before) = (list(&inner), Arc::clone(&inner.active));
        let active = inner.active_name().to_owned();
        inner.folder.scan(&active);
        inner.settle();
        !Arc::ptr_eq(&active_before, &inner.active) || list_before != list(&inner)
    }

    /// Puts a stack into force for this run only: a name, or the path of a profile's file (`--stack`, `AETHER_STACK`).
    /// Anything with a path separator or the ending `.toml` is a path.
    ///
    /// # Errors
    /// `not-found`, `invalid-config`, `storage`.
    pub fn override_with(&self, name_or_path: &str) -> Result<(), PanelError> {
        let mut inner = self.lock();
        let is_path = name_or_path.contains(std::path::is_separator)
            || Path::new(name_or_path).extension().is_some_and(|ending| ending == "toml");
        let name = if is_path {
            let path = std::path::absolute(name_or_path).unwrap_or_else(|_| PathBuf::from(name_or_path));
            inner.folder.add_outside(&path)?
        } else {
            usable(&inner.folder, name_or_path)?;
            name_or_path.to_owned()
        };
        inner.overridden = Some(name);
        inner.settle();
        Ok(())
    }
}

fn list(inner: &Inner) -> StackList {
    StackList {
        active: inner.active_name().to_owned(),
        stacks: inner
            .folder
            .iter()
            .map(|(name, loaded)| StackEntry {
                name: name.clone(),
                source: loaded.source(),
                error: loaded.error.clone(),
            })
            .collect(),
        first_start: inner.chosen.is_none()
            && inner.overridden.is_none()
            && inner.folder.iter().all(|(_, loaded)| loaded.path.is_none()),
    }
}

fn usable(folder: &Folder, name: &str) -> Result<Arc<Profile>, PanelError> {
    let unknown = || {
        let known: Vec<&str> = folder.iter().map(|(name, _)| name.as_str()).collect();
        PanelError::new(ErrorCode::NotFound, "stack", format!("Stack \"{}\" not found.", name.escape_debug()))
            .with_hint(format!("Available stacks: {}.", known.join(", ")))
    };
    let loaded = folder.get(name).ok_or_else(unknown)?;
    match (&loaded.good, &loaded.error) {
        (Some(good), _) => Ok(Arc::clone(good)),
        (None, Some(error)) => Err(error.clone()),
        (None, None) => Err(unknown()),
    }
}

fn read_state(home: &Home) -> Option<String> {
    let text = paths::read_small(&home.state_file()).ok()?;
    let state: toml::Table = text.parse().ok()?;
    state.get("selected")?.as_str().filter(|name| is_name(name)).map(str::to_owned)
}

fn write_state(home: &Home, name: &str) -> Result<(), PanelError> {
    let path = home.state_file();
    let mut state: toml_edit::DocumentMut =
        paths::read_small(&path).ok().and_then(|text| text.parse().ok()).unwrap_or_default();
    state.insert("selected", toml_edit::value(name));
    paths::write_atomically(&path, state.to_string().as_bytes())
        .map_err(|error| paths::storage("write", &path, &error))
}

impl Loaded {
    fn source(&self) -> StackSource {
        match &self.path {
            Some(path) => StackSource::File { path: path.display().to_string() },
            None => StackSource::BuiltIn,
        }
    }
}
