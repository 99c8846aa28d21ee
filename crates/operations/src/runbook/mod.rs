//! Runbooks: the pages that come with the panel and those of the profile's folder, filled in for an alert,
//! their steps asked of Prometheus, and every run of them kept.
//!
//! Refuses to take a page's word for anything: it is text, its links are looked at, and what it calls a
//! mitigation opens a dialog that shows first what it would do.

mod actions;
mod bundled;
mod execute;
mod export;
mod folder;
pub(crate) mod parse;
mod resolve;
mod runs;
mod search;
pub(crate) mod template;
#[cfg(test)]
mod testing;
mod text;
mod timeline;
mod view;

use std::path::PathBuf;

use aether_contract::{ErrorCode, InvalidRunbook, PanelError, RunbookList, RunbookSource};

use aether_foundation::{stack::Profile, text::truncate};

use parse::Page;

pub use export::export;
pub use runs::{Runbooks, begin, cancel, list as runs, note, step};
pub use search::search;
pub use view::open;

/// All pages of a stack.
pub struct Library {
    /// Own ones, then bundled ones, then documents.
    pages: Vec<Page>,
    refused: Vec<InvalidRunbook>,
    folder: Option<PathBuf>,
    problem: String,
}

impl Library {
    /// Reads them. Touches the disk when the profile has a folder.
    pub fn read(profile: &Profile) -> Self {
        let found = profile.runbooks.as_deref().map(folder::read).unwrap_or_default();
        let mut pages = found.pages;
        // The pack's label, where the stack calls it otherwise.
        let told = |text: &str| match profile.tenant_label.as_str() {
            "tenant_id" => text.to_owned(),
            label => text.replace("tenant_id", label),
        };
        pages.extend(
            bundled::RUNBOOKS
                .iter()
                .map(|(name, text)| Page::read(name, RunbookSource::Bundled, &told(text))),
        );
        pages.extend(
            bundled::DOCUMENTS
                .iter()
                .chain([&bundled::FORM])
                .map(|(name, text)| Page::read(name, RunbookSource::Document, text)),
        );
        Self { pages, refused: found.refused, folder: profile.runbooks.clone(), problem: found.problem }
    }

    /// Pages as texts with their files, own ones first: what repeats the values of rules.
    pub fn texts(&self) -> Vec<aether_rules::change::Page> {
        let file = |page: &Page| {
            let folder = self.folder.as_ref().filter(|_| page.source == RunbookSource::Own)?;
            Some(folder.join(&page.file))
        };
        let pages = self.pages.iter().filter(|page| page.source != RunbookSource::Document);
        pages
            .map(|page| aether_rules::change::Page {
                name: page.name.clone(),
                file: file(page),
                text: page.text.clone(),
            })
            .collect()
    }

    /// What is shown of them.
    pub fn list(&self) -> RunbookList {
        RunbookList {
            pages: self.pages.iter().map(Page::outline).collect(),
            refused: self.refused.clone(),
            folder: self.folder.as_ref().map(|folder| folder.display().to_string()).unwrap_or_default(),
            folder_problem: self.problem.clone(),
        }
    }

    /// A page by its id, or by its name: an own one stands before a bundled one.
    pub fn page(&self, id: &str) -> Option<&Page> {
        self.pages.iter().find(|page| page.id == id).or_else(|| self.named(id))
    }

    fn named(&self, name: &str) -> Option<&Page> {
        self.pages.iter().find(|page| page.name == name)
    }

    /// The page that fits any alert.
    fn generic(&self) -> Option<&Page> {
        self.named(bundled::GENERIC)
    }

    /// A page that has to be there.
    fn known(&self, id: &str) -> Result<&Page, PanelError> {
        self.page(id).ok_or_else(|| {
            let words = format!("Runbook \"{}\" not found.", truncate(id, 80));
            PanelError::new(ErrorCode::NotFound, "runbook", words)
                .with_hint("List runbooks on the Runbooks screen, or with: aetherctl runbook list")
        })
    }
}
