//! Entry points for fuzzing what a backup is read from: manifests, archives, and the JSON of dashboards.
//! Each takes any bytes and asserts what must hold for all of them, which is more than that nothing panics.
//!
//! Compiled by cargo-fuzz, which sets `cfg(fuzzing)`, and in tests, which run every seed. The fuzz targets are in
//! `fuzz/`.

use std::{
    collections::BTreeSet,
    io::{Cursor, Write as _},
    path::Path,
    sync::Arc,
};

use serde_json::Value;

use aether_context::jobs::Jobs;
use aether_foundation::names::{self, Names};

use crate::{
    archive_reader::{Limits, On, walk_in},
    dashboard,
    manifest::{FILE, Manifest, SUMS},
};

/// `manifest.json` of a backup.
pub fn manifest(data: &[u8]) {
    let Ok(manifest) = Manifest::read(data) else { return };
    let mut seen = BTreeSet::new();
    for file in &manifest.files {
        assert!(names::is_inside(&file.path), "{:?} leads out of the backup", file.path);
        assert!(!file.path.split('/').any(|part| part.starts_with('.')), "{:?} is hidden", file.path);
        assert!(file.path != FILE && file.path != SUMS, "{:?} is the panel's own file", file.path);
        assert!(seen.insert(file.path.to_lowercase()), "{:?} is listed twice", file.path);
    }
    // A file name or hash must not add a line to what `sha256sum --check` reads.
    let sums = manifest.sums(data);
    assert_eq!(sums.lines().count(), manifest.files.len() + 1, "{sums:?}");
    for (line, file) in sums.lines().zip(&manifest.files) {
        assert_eq!(line.split_once("  "), Some((file.sha256.as_str(), file.path.as_str())));
        assert!(file.sha256.len() == 64 && file.sha256.bytes().all(|b| b.is_ascii_hexdigit()), "{line}");
    }
    let Ok(written) = manifest.to_bytes() else { return };
    assert_eq!(Manifest::read(&written), Ok(manifest), "a manifest changed when it was written and read");
}

/// A backup in one file. The first byte selects how the rest is packed, so that mutations reach the tar reader: 0:
/// as it is, 1: with the two empty blocks that end a tar archive, 2: gzip, 3: zstd.
pub fn archive(data: &[u8]) {
    let Some((kind, rest)) = data.split_first() else { return };
    let packed = match kind % 4 {
        0 => Ok(rest.to_vec()),
        1 => Ok([rest, &[0; 1024]].concat()),
        2 => {
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gzip.write_all(rest).and_then(|()| gzip.finish())
        }
        _ => zstd::encode_all(rest, 1),
    };
    let Ok(packed) = packed else { return };
    let limits = Limits { files: 64, file: 64 * 1024, bytes: 256 * 1024 };
    let Ok(job) = Arc::new(Jobs::default()).begin("fuzz") else { return };
    let (mut names, mut total) = (BTreeSet::new(), 0);
    let _ = walk_in(Path::new("fuzz.tar"), Cursor::new(packed), limits, &job, |name, size, source| {
        let plain = name.replace(['\\', ':'], "_");
        assert!(names::is_relative(&plain), "{name:?} leads out of the archive");
        assert!(!name.split('/').any(names::is_git_name), "{name:?} belongs to a Git repository");
        assert!(names.insert(name.to_owned()), "{name:?} was handed out twice");
        let mut content = Vec::new();
        if source.read_to_end(&mut content).is_ok() {
            assert_eq!(content.len() as u64, size, "{name:?} has another size than its header says");
        }
        total += size;
        assert!(names.len() <= limits.files && size <= limits.file && total <= limits.bytes);
        Ok(On::Go)
    });
}

/// What Grafana sends, as a backup stores and compares it: dashboards, and uids that become file names.
pub fn grafana(data: &[u8]) {
    if let Ok(dashboard::Document { spec: raw, meta }) = dashboard::document(data) {
        let text = raw.get();
        assert!(String::from_utf8_lossy(data).contains(text), "a dashboard is not stored as it came");
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            let outline = dashboard::outline(&value);
            if !dashboard::is_v2(&value) {
                assert_eq!(outline.len(), dashboard::panels(&value).len());
            }
            assert!(outline.iter().all(|panel| panel.x < 24 && (1..=24).contains(&panel.w)));
            let plain = crate::compare::plain(&value);
            assert_eq!(crate::compare::plain(&plain), plain, "comparing is not stable");
        }
        let _ = meta.version;
    }
    let mut names = Names::default();
    let mut taken = BTreeSet::new();
    for uid in String::from_utf8_lossy(data).split(['"', '\n']).take(64) {
        let name = format!("{}.json", names.name(uid));
        assert!(
            names::is_inside(&name) && names::is_portable(&name) && !name.contains('/'),
            "{uid:?}: {name:?}"
        );
        assert!(taken.insert(name.to_lowercase()), "{uid:?}: {name:?} is taken already");
        let portable = names::portable(uid);
        assert!(
            !portable.contains(['/', '\\', ':']) && !portable.chars().any(char::is_control),
            "{portable:?}"
        );
    }
}

#[cfg(test)]
mod tests {
    use aether_foundation::testing::run_seeds;

    #[test]
    fn every_seed_passes_its_fuzz_target() {
        for (name, target) in [
            ("manifest", super::manifest as fn(&[u8])),
            ("archive", super::archive as fn(&[u8])),
            ("grafana", super::grafana as fn(&[u8])),
        ] {
            run_seeds(name, target);
        }
    }
}
