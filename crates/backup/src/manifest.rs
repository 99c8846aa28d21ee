//! What a backup says about itself: `manifest.json` for machines, `MANIFEST.txt` for people, `SHA256SUMS` for
//! `sha256sum`.

use aether_foundation::text::hex;
use std::collections::BTreeMap;

use aether_contract::{BackupPart, BackupPartState, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use aether_foundation::names;

/// The manifest's file.
pub const FILE: &str = "manifest.json";
/// The text for people.
pub const TEXT: &str = "MANIFEST.txt";
/// Hashes of all files, the manifest's too, as `sha256sum` writes and checks them.
pub const SUMS: &str = "SHA256SUMS";
/// Version of the manifest's form.
pub const SCHEMA: u32 = 1;
/// Largest manifest that is read, in bytes.
pub const MAX: u64 = 64 * 1024 * 1024;

/// What a backup says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Name that the folder was given.
    pub id: String,
    /// Stack.
    pub stack: String,
    /// When it was begun.
    pub made_at: Timestamp,
    /// When it was whole.
    pub finished_at: Timestamp,
    /// Why.
    pub reason: String,
    /// Who.
    pub created_by: String,
    /// Version of the panel.
    pub panel: String,
    /// Whether the panel saved it before a restore.
    #[serde(default)]
    pub safety: bool,
    /// Versions that the servers reported, by their name.
    pub versions: BTreeMap<String, String>,
    /// Addresses that were asked, by the server's name.
    pub addresses: BTreeMap<String, String>,
    /// Images that the stack pins, by service.
    pub pins: BTreeMap<String, String>,
    /// Parts.
    pub parts: Vec<BackupPart>,
    /// Every other file of the backup.
    pub files: Vec<File>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Path in the backup, with `/`.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Reads one.
    ///
    /// # Errors
    /// In words: what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Schema {
            schema: u32,
        }
        let Schema { schema } =
            serde_json::from_slice(bytes).map_err(|error| format!("failed to read {FILE}: {error}"))?;
        if schema != SCHEMA {
            return Err(format!(
                "{FILE} has format {schema}, but this version of the panel supports format {SCHEMA}; use \
                    a newer version"
            ));
        }
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("failed to read {FILE}: {error}"))?;
        let mut seen = std::collections::BTreeSet::new();
        for file in &manifest.files {
            let own = [FILE, SUMS].contains(&file.path.as_str());
            let why = names::refusal(&file.path).or_else(|| own.then_some("this file name is reserved"));
            if let Some(why) = why {
                return Err(format!("unsafe path {:?} in {FILE}: {why}", file.path));
            }
            // It becomes a line of SHA256SUMS, where a line break in it would add files that the manifest does
            // not name.
            if file.sha256.len() != 64
                || !file.sha256.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
            {
                return Err(format!("{FILE} has no valid SHA-256 for {:?}", file.path));
            }
            if !seen.insert(file.path.to_lowercase()) {
                return Err(format!("{FILE} lists {:?} twice", file.path));
            }
        }
        Ok(manifest)
    }

    /// As written.
    ///
    /// # Errors
    /// None that is known; serialising has that form.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The text of [`SUMS`] for these files and this manifest.
    pub fn sums(&self, manifest: &[u8]) -> String {
        let mut text = String::new();
        for file in &self.files {
            text.push_str(&format!("{}  {}\n", file.sha256, file.path));
        }
        text.push_str(&format!("{}  {FILE}\n", hex(&Sha256::digest(manifest))));
        text
    }

    /// Whether every part that was asked for is whole.
    pub fn complete(&self) -> bool {
        self.parts.iter().all(|part| part.state != BackupPartState::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(paths: &[&str]) -> Manifest {
        let file = |path: &&str| File { path: (*path).to_owned(), bytes: 1, sha256: "00".repeat(32) };
        Manifest {
            schema: SCHEMA,
            id: "2026-11-27_14-05".into(),
            stack: "s".into(),
            made_at: Timestamp(0),
            finished_at: Timestamp(1),
            reason: "why".into(),
            created_by: "me".into(),
            panel: "0".into(),
            safety: false,
            versions: BTreeMap::new(),
            addresses: BTreeMap::new(),
            pins: BTreeMap::new(),
            parts: Vec::new(),
            files: paths.iter().map(file).collect(),
        }
    }

    #[test]
    fn a_manifest_that_lies_about_its_files_is_refused() {
        let read = |paths: &[&str]| Manifest::read(&manifest(paths).to_bytes().unwrap());
        assert_eq!(read(&["configs/a.yml"]).unwrap().files.len(), 1);
        for path in ["../../etc/passwd", ".git/config", "configs/.env", "git~1/config", "manifest.json"] {
            let error = read(&[path]).unwrap_err();
            assert!(error.starts_with(&format!("unsafe path {path:?}")), "{error}");
        }
        assert!(read(&["a.json", "A.json"]).unwrap_err().contains("twice"));
        let newer = String::from_utf8(manifest(&[]).to_bytes().unwrap()).unwrap();
        let newer = newer.replace("\"schema\": 1", "\"schema\": 7");
        assert!(Manifest::read(newer.as_bytes()).unwrap_err().contains("newer"));
        assert!(Manifest::read(b"{").is_err());
    }

    #[test]
    fn manifest_with_a_malformed_hash_is_refused() {
        let good = "00".repeat(32);
        let line_break = format!("{good}\\n{good}  other.json");
        for hash in ["", "00", &"AA".repeat(32), &"é".repeat(32), &line_break] {
            let text = String::from_utf8(manifest(&["a.json"]).to_bytes().unwrap()).unwrap();
            let error = Manifest::read(text.replace(&good, hash).as_bytes()).unwrap_err();
            assert!(error.contains("SHA-256 for \"a.json\""), "{hash:?}: {error}");
        }
    }
}
