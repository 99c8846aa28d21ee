//! Stacks: profiles as files, the one in force, and switching between them. Stub.

mod builtin;
mod profile;

use std::{path::Path, sync::Arc};

use aether_contract::{PanelError, StackDetail, StackEntry, StackList, StackSaveRequest, StackSource};

pub use profile::{BUILTIN_NAME, Expected, Pack, Pin, Profile};

use crate::paths::Home;

impl Profile {
    /// Reads a profile from TOML. `path` is named in errors, and relative paths in the profile start from its folder.
    ///
    /// # Errors
    /// `invalid-config`, naming line, key and what is expected.
    pub fn parse(_text: &str, _path: &Path) -> Result<Self, PanelError> {
        Ok(Self::builtin())
    }
}

/// All stacks of one installation.
pub struct Stacks(());

impl Stacks {
    /// Reads the folder of profiles. Never fails: a wrong file is an entry with an error.
    pub fn open(_home: &Home) -> Self {
        Self(())
    }

    /// All stacks and which one is in force.
    pub fn list(&self) -> StackList {
        StackList {
            active: BUILTIN_NAME.to_owned(),
            stacks: vec![StackEntry { name: BUILTIN_NAME.to_owned(), source: StackSource::BuiltIn, error: None }],
            first_start: true,
        }
    }

    /// The profile in force.
    pub fn active(&self) -> Arc<Profile> {
        Arc::new(Profile::builtin())
    }

    /// Puts another stack into force and remembers it.
    ///
    /// # Errors
    /// `not-found` for an unknown name, `invalid-config` when its file is wrong and never was good, `storage`.
    pub fn select(&self, _name: &str) -> Result<(), PanelError> {
        Ok(())
    }

    /// One stack's profile.
    ///
    /// # Errors
    /// As [`Self::select`].
    pub fn detail(&self, _name: &str) -> Result<StackDetail, PanelError> {
        Ok(Profile::builtin().detail())
    }

    /// Creates or changes a stack's file; what the request does not name stays as it stands, comments too.
    ///
    /// # Errors
    /// `invalid-request` when the outcome would not be a valid profile (nothing is written then), `storage`.
    pub fn save(&self, _request: &StackSaveRequest) -> Result<StackDetail, PanelError> {
        Ok(Profile::builtin().detail())
    }

    /// Looks at the files again. True when the list or the profile in force changed.
    pub fn reload_if_changed(&self) -> bool {
        false
    }

    /// Puts a stack into force for this run only: a name, or the path of a profile's file (`--stack`, `AETHER_STACK`).
    ///
    /// # Errors
    /// `not-found`, `invalid-config`, `storage`.
    pub fn override_with(&self, _name_or_path: &str) -> Result<(), PanelError> {
        Ok(())
    }
}
