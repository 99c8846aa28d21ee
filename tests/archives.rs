//! Backups in one file: out and in again, of another tool, and such as are not honest.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::common::backups::{Bench, GRAFANA, leftovers};
use aether_contract::*;
use serde_json::json;
use tar::EntryType;

/// Files of an archive, in their order.
type Files = Vec<(String, Vec<u8>)>;

async fn export(bench: &Bench, id: &BackupId, format: ArchiveFormat) -> PathBuf {
    let folder = bench.folder.path().join("out").display().to_string();
    let request = BackupExportRequest { id: id.clone(), format, folder };
    let made = bench.panel.backup_export(request).await.unwrap();
    assert!(made.files > 5 && made.bytes > 0.0, "{made:?}");
    PathBuf::from(made.path)
}

async fn import(bench: &Bench, path: &Path) -> Result<Backup, PanelError> {
    let path = path.display().to_string();
    bench.panel.backup_import(BackupImportRequest { path, created_by: "me".into() }).await
}

async fn delete(bench: &Bench, id: &BackupId) {
    let done = bench.panel.backup_delete(BackupDeleteRequest { ids: vec![id.clone()] }).await.unwrap();
    assert_eq!(done.deleted, std::slice::from_ref(id), "{:?}", done.kept);
}

/// What is in an archive, as another program reads it.
fn content(path: &Path) -> Files {
    let file = fs::File::open(path).unwrap();
    let source: Box<dyn std::io::Read> = if path.to_string_lossy().ends_with("gz") {
        Box::new(flate2::read::GzDecoder::new(file))
    } else {
        Box::new(zstd::Decoder::new(file).unwrap())
    };
    let mut archive = tar::Archive::new(source);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().to_string_lossy().into_owned(), bytes)
    });
    entries.collect()
}

/// An archive with whatever names, kinds and sizes.
#[derive(Default)]
struct Forge {
    bytes: Vec<u8>,
}

impl Forge {
    fn of(files: &[(String, Vec<u8>)]) -> Self {
        let mut forge = Self::default();
        for (name, bytes) in files {
            forge.add(name, EntryType::Regular, bytes.len() as u64, bytes);
        }
        forge
    }

    fn add(&mut self, name: &str, kind: EntryType, size: u64, content: &[u8]) -> &mut Self {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(0o644);
        if matches!(kind, EntryType::Symlink | EntryType::Link) {
            header.as_old_mut().linkname[..11].copy_from_slice(b"/etc/passwd");
        }
        header.set_cksum();
        self.bytes.extend_from_slice(header.as_bytes());
        self.bytes.extend_from_slice(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        self
    }

    fn write(&self, path: &Path) {
        let mut bytes = self.bytes.clone();
        bytes.resize(bytes.len() + 1024, 0);
        let mut out =
            flate2::write::GzEncoder::new(fs::File::create(path).unwrap(), flate2::Compression::fast());
        out.write_all(&bytes).unwrap();
        out.finish().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_goes_out_in_one_file_and_comes_back_byte_for_byte() {
    let bench = Bench::start("11.2.0").await;
    let made = bench.create(GRAFANA).await;
    let before = fs::read(bench.root().join(&made.id.0).join("manifest.json")).unwrap();
    for format in [ArchiveFormat::Gzip, ArchiveFormat::Zstd] {
        let path = export(&bench, &made.id, format).await;
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert_eq!(name, format!("test_{}.{}", made.id.0, format.ending()));
        let files = content(&path);
        assert_eq!(files[0].0, format!("{}/manifest.json", made.id.0), "its begin tells what must follow");
        assert_eq!(files[0].1, before);
        let error = import(&bench, &path).await.unwrap_err();
        assert!(error.message.contains("already exists"), "{error}");

        delete(&bench, &made.id).await;
        let back = import(&bench, &path).await.unwrap();
        assert_eq!((back.id.clone(), back.verdict), (made.id.clone(), BackupVerdict::Verified));
        assert_eq!((&back.reason, back.made_at, back.files), (&made.reason, made.made_at, made.files));
        assert_eq!(fs::read(bench.root().join(&made.id.0).join("manifest.json")).unwrap(), before);
        assert!(bench.same_as(&back.id).await);

        // Another of that name is not written over.
        let second = export(&bench, &made.id, format).await;
        assert_eq!(
            second.file_name().unwrap().to_string_lossy(),
            format!("test_{}_2.{}", made.id.0, format.ending())
        );
    }
    // Somebody unpacked it, packed it anew with the manifest last and without the folder, while its name was
    // taken here.
    let mut files = content(&export(&bench, &made.id, ArchiveFormat::Gzip).await);
    files.rotate_left(2);
    let bare = files.into_iter().map(|(name, bytes)| (name[made.id.0.len() + 1..].to_owned(), bytes));
    let anew = bench.folder.path().join("anew.tar.gz");
    Forge::of(&bare.collect::<Files>()).write(&anew);
    delete(&bench, &made.id).await;
    fs::create_dir(bench.root().join(&made.id.0)).unwrap();
    let back = import(&bench, &anew).await.unwrap();
    assert_eq!((back.id.0, back.verdict), (format!("{}_2", made.id.0), BackupVerdict::Verified));
    assert_eq!(leftovers(&bench.root()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_changed_is_not_exported() {
    let bench = Bench::start("11.2.0").await;
    let made = bench.create(GRAFANA).await;
    let file = bench.root().join(&made.id.0).join("grafana/folders.json");
    let mut bytes = fs::read(&file).unwrap();
    bytes[3] ^= 1;
    fs::write(&file, bytes).unwrap();
    let out = bench.folder.path().join("out");
    let mut request = BackupExportRequest {
        id: made.id.clone(),
        format: ArchiveFormat::Gzip,
        folder: out.display().to_string(),
    };
    let error = bench.panel.backup_export(request.clone()).await.unwrap_err();
    assert!(error.message.contains("grafana/folders.json is corrupted"), "{error}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 0, "nothing of it is left");
    request.folder = "out".into();
    assert!(bench.panel.backup_export(request).await.unwrap_err().message.contains("absolute path"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_that_is_not_honest_is_refused_and_leaves_nothing() {
    let bench = Bench::start("11.2.0").await;
    let made = bench.create(GRAFANA).await;
    let files = content(&export(&bench, &made.id, ArchiveFormat::Gzip).await);
    delete(&bench, &made.id).await;
    let bad = bench.folder.path().join("bad.tar.gz");
    let top = made.id.0.clone();
    let board = br#"{"title": "x", "panels": []}"#;

    type Change<'a> = Box<dyn Fn(&mut Forge) + 'a>;
    let with = |name: &'static str, kind| -> Change<'_> {
        Box::new(move |forge: &mut Forge| {
            let content: &[u8] = if kind == EntryType::Regular { b"x" } else { b"" };
            forge.add(name, kind, content.len() as u64, content);
        })
    };
    let cases: Vec<(&str, Change<'_>)> = vec![
        ("leads out", with("../../evil.json", EntryType::Regular)),
        ("leads out", with("/etc/evil.json", EntryType::Regular)),
        ("leads out", with("C:/evil.json", EntryType::Regular)),
        ("leads out", with("a/\u{7}b", EntryType::Regular)),
        ("a symbolic link", with("grafana/link", EntryType::Symlink)),
        ("a link", with("grafana/link", EntryType::Link)),
        ("a device", with("grafana/null", EntryType::Char)),
        ("a device", with("grafana/disk", EntryType::Block)),
        ("a pipe", with("grafana/pipe", EntryType::Fifo)),
        ("not listed in the manifest", with("stranger.json", EntryType::Regular)),
    ];
    for (words, change) in cases {
        let mut forge = Forge::of(&files);
        change(&mut forge);
        forge.write(&bad);
        let error = import(&bench, &bad).await.unwrap_err();
        assert!(error.message.contains(words), "{words}: {error}");
        assert_eq!(error.code, ErrorCode::InvalidRequest);
        // The same without a manifest of ours.
        let mut forge = Forge::of(&[("_OUTPUT_/dashboards/1/a.dashboard".into(), board.to_vec())]);
        change(&mut forge);
        forge.write(&bad);
        let foreign = import(&bench, &bad).await;
        if words == "not listed in the manifest" {
            delete(&bench, &foreign.unwrap().id).await;
        } else {
            assert!(foreign.unwrap_err().message.contains(words), "{words}");
        }
    }
    // Files that are other than the manifest says.
    let index = files.iter().position(|(name, _)| name.contains("dashboards/")).unwrap();
    let altered = |change: &dyn Fn(&mut Files)| {
        let mut altered = files.clone();
        change(&mut altered);
        Forge::of(&altered).write(&bad);
    };
    let refused = async |words: &str| {
        let error = import(&bench, &bad).await.unwrap_err();
        assert!(error.message.contains(words), "{words}: {error}");
    };
    altered(&|files| files[index].1[5] ^= 1);
    refused("does not match").await;
    altered(&|files| files[index].1.push(b' '));
    refused("bytes, expected").await;
    altered(&|files| drop(files.remove(index)));
    refused("is missing").await;
    altered(&|files| files.push(files[index].clone()));
    refused("twice").await;
    altered(&|files| {
        let (name, bytes) = files[index].clone();
        files.push((name.replace("dashboards", "Dashboards"), bytes));
    });
    refused("not listed in the manifest").await;
    altered(&|files| files[1].1[0] ^= 1);
    refused("disagree").await;
    altered(&|files| files[0].1 = b"{".to_vec());
    refused("failed to read manifest.json").await;
    let text = String::from_utf8(files[0].1.clone()).unwrap();
    let lies = |from: &str, to: &str| vec![(files[0].0.clone(), text.replacen(from, to, 1).into_bytes())];
    Forge::of(&lies("grafana/folders.json", "../../../etc/cron.d/x")).write(&bad);
    refused("unsafe path \"../../../etc/cron.d/x\"").await;
    let size = "\"path\": \"MANIFEST.txt\",\n      \"bytes\": ";
    Forge::of(&lies(size, &format!("{size}99999999999"))).write(&bad);
    refused("are free").await;
    // An id that leads elsewhere is not taken for a name.
    let mut elsewhere = lies(&format!("\"id\": \"{top}\""), "\"id\": \"../../outside\"");
    elsewhere.extend(files[2..].iter().cloned());
    Forge::of(&elsewhere).write(&bad);
    let taken = import(&bench, &bad).await.unwrap();
    assert!(bench.root().join(&taken.id.0).join("manifest.json").is_file(), "{taken:?}");
    delete(&bench, &taken.id).await;

    assert!(bench.panel.backup_list(Empty {}).await.unwrap().backups.is_empty());
    assert_eq!(leftovers(&bench.root()), [""; 0]);
    assert!(!bench.folder.path().join("home/outside").exists() && !bench.root().join("../outside").exists());
    let no = bench.folder.path().join("none.tar.gz");
    assert_eq!(import(&bench, &no).await.unwrap_err().code, ErrorCode::NotFound);
    assert!(import(&bench, Path::new("bad.tar.gz")).await.unwrap_err().message.contains("absolute path"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_cut_anywhere_or_with_a_flipped_byte_is_never_taken_in_wrong() {
    let bench = Bench::start("11.2.0").await;
    let made = bench.create(GRAFANA).await;
    for format in [ArchiveFormat::Gzip, ArchiveFormat::Zstd] {
        let path = export(&bench, &made.id, format).await;
        delete(&bench, &made.id).await;
        let whole = fs::read(&path).unwrap();
        let bad = bench.folder.path().join(format!("bad.{}", format.ending()));
        for cut in 0..40 {
            let end = whole.len() * cut / 40 + usize::from(cut == 39);
            fs::write(&bad, &whole[..end]).unwrap();
            let error = import(&bench, &bad).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::InvalidRequest, "cut at {end}: {error}");
        }
        fs::write(&bad, &whole[..whole.len() - 1]).unwrap();
        assert_eq!(import(&bench, &bad).await.unwrap_err().code, ErrorCode::InvalidRequest);
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..60 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let mut flipped = whole.clone();
            let place = usize::try_from(seed % whole.len() as u64).unwrap();
            flipped[place] ^= 1 << (seed >> 61);
            fs::write(&bad, &flipped).unwrap();
            // A bit that says nothing (a time, a name nobody reads) may be another; what comes in is right all
            // the same.
            if let Ok(taken) = import(&bench, &bad).await {
                assert_eq!(taken.verdict, BackupVerdict::Verified, "byte {place}");
                delete(&bench, &taken.id).await;
            }
        }
        assert!(bench.panel.backup_list(Empty {}).await.unwrap().backups.is_empty());
        assert_eq!(leftovers(&bench.root()), [""; 0]);
        assert_eq!(import(&bench, &path).await.unwrap().verdict, BackupVerdict::Verified);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archives_that_would_fill_the_disk_or_the_memory_are_refused() {
    let bench = Bench::start("11.2.0").await;
    let bad = bench.folder.path().join("bad.tar.gz");
    let refused = async |path: &Path, words: &str| {
        let error = import(&bench, path).await.unwrap_err();
        assert!(error.message.contains(words), "{words}: {error}");
        assert_eq!(leftovers(&bench.root()), [""; 0]);
    };
    // A file that says it has 5 GB, and one that has too many of them.
    let mut forge = Forge::default();
    forge.add("a.json", EntryType::Regular, 5 << 30, b"{").write(&bad);
    refused(&bad, "truncated").await;
    // It is all there: 5 GB of nothing, in a few megabytes, which is packed too well.
    let bomb = bench.folder.path().join("bomb.tar.gz");
    let mut out =
        flate2::write::GzEncoder::new(fs::File::create(&bomb).unwrap(), flate2::Compression::best());
    let mut forge = Forge::default();
    forge.add("dashboards/a.json", EntryType::Regular, 5 << 30, b"");
    out.write_all(&forge.bytes).unwrap();
    let zeros = vec![0_u8; 1 << 20];
    for _ in 0..1300 {
        out.write_all(&zeros).unwrap();
    }
    out.finish().unwrap();
    refused(&bomb, "more than 100 times its size").await;
    // A large one of honest size is refused for its size, not unpacked.
    let large = bench.folder.path().join("large.tar");
    let file = fs::File::create(&large).unwrap();
    let mut forge = Forge::default();
    forge.add("dashboards/a.json", EntryType::Regular, 5 << 30, b"");
    (&file).write_all(&forge.bytes).unwrap();
    file.set_len(512 + (5 << 30) + 1024).unwrap();
    refused(&large, "the limit is 67.1 MB").await;
    // A name of 5 GB: who reads it whole has no memory left.
    let named = bench.folder.path().join("named.tar");
    let file = fs::File::create(&named).unwrap();
    let mut forge = Forge::default();
    forge.add("././@LongLink", EntryType::GNULongName, 5 << 30, b"");
    (&file).write_all(&forge.bytes).unwrap();
    file.set_len(512 + (5 << 30) + 1024).unwrap();
    refused(&named, "too long").await;
    // Too many files.
    let mut forge = Forge::default();
    for number in 0..20_001 {
        forge.add(&format!("dashboards/{number}.json"), EntryType::Regular, 2, b"{}");
    }
    forge.write(&bad);
    refused(&bad, "more than 20000 files").await;
    for (name, bytes, words) in [
        ("empty.tar", &b""[..], "truncated"),
        ("text.tar.gz", b"this is no archive", "not an archive"),
        ("gz.tar.gz", &[0x1f, 0x8b, 8, 0], "truncated"),
    ] {
        let path = bench.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        refused(&path, words).await;
    }
    assert!(bench.panel.backup_list(Empty {}).await.unwrap().backups.is_empty());
}

/// As grafana-backup-tool packs one up.
fn of_another_tool(path: &Path, title: &str) {
    let board = |uid: &str, title: &str| {
        let data = json!({"dashboard": {"id": 7, "uid": uid, "title": title, "panels": [{"id": 1, "type": "stat"}]},
                          "meta": {"folderUid": "rag", "folderTitle": "RAG"}});
        data.to_string().into_bytes()
    };
    let folder = json!({"uid": "rag", "title": "RAG"}).to_string().into_bytes();
    Forge::of(&[
        ("_OUTPUT_/folders/202403051020/rag.folder".into(), folder),
        ("_OUTPUT_/dashboards/202403051020/one.dashboard".into(), board("one", title)),
        ("_OUTPUT_/dashboards/202403051020/CPU: all?.dashboard".into(), board("two", "CPU: all?")),
        ("_OUTPUT_/dashboards/202403051020/cpu: ALL?.dashboard".into(), board("three", "Third")),
        ("_OUTPUT_/dashboards/202403051020/aux.dashboard".into(), board("four", "Fourth")),
    ])
    .write(path);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_of_another_tool_is_listed_opened_and_restored_where_it_lies() {
    let bench = Bench::start("11.2.0").await;
    fs::create_dir_all(bench.root()).unwrap();
    let path = bench.root().join("202403051020.tar.gz");
    of_another_tool(&path, "First");
    let packed = fs::read(&path).unwrap();
    fs::write(bench.root().join("holiday.zip"), "x").unwrap();
    let list = async || bench.panel.backup_list(Empty {}).await.unwrap();
    let listed = list().await;
    assert_eq!(listed.backups.len(), 1, "{listed:?}");
    let one = &listed.backups[0];
    assert_eq!((one.verdict, one.archive.as_str()), (BackupVerdict::Foreign, path.to_str().unwrap()));
    assert!(one.parts[0].notes[0].contains("archive made by another tool"), "{one:?}");
    let id = one.id.clone();
    assert_eq!(id.0, "202403051020.tar.gz");
    let show = async || bench.panel.backup_show(BackupRequest { id: id.clone() }).await;
    let titles = |detail: &BackupDetail| -> Vec<String> {
        let mut all: Vec<String> = detail.dashboards.iter().map(|one| one.title.clone()).collect();
        all.sort();
        all
    };
    assert_eq!(titles(&show().await.unwrap()), ["CPU: all?", "First", "Fourth", "Third"]);
    assert_eq!(list().await.backups[0].dashboards, 4, "once it was opened its content is known");
    let unpacked = bench.root().join(".aether/unpacked");
    let count = || fs::read_dir(&unpacked).unwrap().count();
    assert_eq!(count(), 1);
    let run = bench.apply(bench.request(&id, &["one", "two"])).await.unwrap();
    assert_eq!((run.state, run.items.len()), (RestoreState::Done, 2), "{run:?}");
    assert_eq!(bench.dashboard("two").await.unwrap()["dashboard"]["title"], "CPU: all?");
    assert_eq!(fs::read(&path).unwrap(), packed, "it is only read");
    // It can't be held against hashes, nor exported; both say what to do.
    let verify = bench.panel.backup_verify(BackupVerifyRequest { id: id.clone(), sample: 0 }).await;
    assert!(verify.unwrap_err().hint.contains("Import it"));
    // Another archive of that name is read anew.
    std::thread::sleep(std::time::Duration::from_millis(20));
    of_another_tool(&path, "Another first");
    assert_eq!(titles(&show().await.unwrap())[0], "Another first");
    // A broken one is listed, and says what is wrong when it is opened.
    fs::write(&path, &packed[..packed.len() / 2]).unwrap();
    assert_eq!(list().await.backups.len(), 1);
    assert!(show().await.unwrap_err().message.contains("truncated"));
    delete(&bench, &id).await;
    assert!(!path.exists() && count() == 0, "nor is what was unpacked of it left");

    // Imported, it is a folder.
    let elsewhere = bench.folder.path().join("202403051020.tar.gz");
    of_another_tool(&elsewhere, "First");
    let taken = import(&bench, &elsewhere).await.unwrap();
    assert_eq!((taken.id.0.as_str(), taken.dashboards, taken.archive.as_str()), ("202403051020", 4, ""));
    let mut names = BTreeMap::new();
    for entry in fs::read_dir(bench.root().join("202403051020/_OUTPUT_/dashboards/202403051020")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        names.insert(name.clone(), name);
    }
    let names: Vec<String> = names.into_values().collect();
    assert_eq!(
        names,
        ["%aux.dashboard", "CPU%3A all%3F.dashboard", "cpu%3A ALL%3F~2.dashboard", "one.dashboard"]
    );
    // An exported backup that lies there is not opened unverified.
    let made = bench.create(GRAFANA).await;
    let out = export(&bench, &made.id, ArchiveFormat::Zstd).await;
    let lying = bench.root().join(out.file_name().unwrap());
    fs::copy(&out, &lying).unwrap();
    let id = BackupId(lying.file_name().unwrap().to_string_lossy().into_owned());
    let entry = list().await.backups.into_iter().find(|backup| backup.id == id).unwrap();
    assert_eq!(entry.reason, "Exported backup");
    let error = bench.panel.backup_show(BackupRequest { id: id.clone() }).await.unwrap_err();
    assert!(error.hint.contains("Import it"), "{error}");
    // Without a dashboard it is no backup.
    let none = bench.folder.path().join("none.tar.gz");
    Forge::of(&[("readme.txt".into(), b"hello".to_vec())]).write(&none);
    assert!(import(&bench, &none).await.unwrap_err().message.contains("neither dashboards nor a backup"));
    assert_eq!(leftovers(&bench.root()), [""; 0]);
}
