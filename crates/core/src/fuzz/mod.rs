//! Entry points for fuzzing what the panel reads from others: files, replies and what people type. Each takes any
//! bytes and asserts what must hold for all of them, which is more than that nothing panics.
//!
//! Compiled by cargo-fuzz, which sets `cfg(fuzzing)`, and in tests, which run every seed. The fuzz targets are in
//! `fuzz/`.

mod backup;
mod files;
mod query;

pub use backup::{archive, grafana, manifest};
pub use files::{compose, markdown, profile};
pub use query::{filter, guard};

/// A target's name, and what runs it on an input.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate, by the names of their folders below `fuzz/seeds`. `grafana` has a second half in
/// `aether-clients`.
pub const TARGETS: [Target; 8] = [
    ("manifest", manifest),
    ("archive", archive),
    ("profile", profile),
    ("filter", filter),
    ("guard", guard),
    ("compose", compose),
    ("grafana", grafana),
    ("markdown", markdown),
];

/// Cuts the input of a target that needs several texts, at lines of `%%%%`.
fn sections(data: &[u8]) -> Option<Vec<&str>> {
    let text = std::str::from_utf8(data).ok()?;
    Some(text.split("%%%%\n").collect())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn every_seed_for_files_and_queries_passes_its_fuzz_target() {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds");
        for (name, target) in TARGETS {
            let mut count = 0;
            for entry in fs::read_dir(seeds.join(name)).unwrap() {
                target(&fs::read(entry.unwrap().path()).unwrap());
                count += 1;
            }
            assert!(count >= 3, "{name} has only {count} seeds");
        }
    }
}
