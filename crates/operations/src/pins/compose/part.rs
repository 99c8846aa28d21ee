//! A service while the files that name it are put on each other, and its image as one of them names it. Pure.

use std::path::PathBuf;

use super::interpolate::Used;

/// An image as a file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// As it is written.
    pub raw: String,
    /// With its variables replaced, or why not.
    pub resolved: Result<String, String>,
    /// The variables.
    pub used: Vec<Used>,
    /// File that says it.
    pub file: PathBuf,
    /// Service in that file.
    pub service: String,
    /// Line in it, from 1; none: not looked for, or it comes from somewhere else.
    pub line: Option<u32>,
}

/// A service while its files are put on each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    pub image: Option<Reference>,
    pub container: Option<String>,
    pub built: bool,
    pub profiles: Vec<String>,
}

impl Part {
    /// Takes away what a file resets of the service; `rest` is the place within it.
    pub fn reset(&mut self, rest: &[String]) {
        match rest.first().map(String::as_str) {
            None => *self = Self::default(),
            Some("image") => self.image = None,
            Some("container_name") => self.container = None,
            // A part of it that is gone leaves the others.
            Some("build") if rest.len() == 1 => self.built = false,
            Some("profiles") if rest.len() == 1 => self.profiles.clear(),
            Some(_) => {}
        }
    }

    /// Puts another on top.
    pub fn put(&mut self, top: Self) {
        self.image = top.image.or(self.image.take());
        self.container = top.container.or(self.container.take());
        self.built |= top.built;
        for profile in top.profiles {
            if !self.profiles.contains(&profile) {
                self.profiles.push(profile);
            }
        }
    }
}
