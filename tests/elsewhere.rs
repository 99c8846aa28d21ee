//! Copies of backups: to an S3-compatible storage and to another folder, with everything that goes wrong there.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, path::Path};

use crate::common::backups::{Bench, GRAFANA, leftovers};
use aether_contract::*;
use aether_tests::objects::{Faults, Objects};
use serde_json::json;

const S3: &str = "s3://backups/team/panel";

async fn bench(objects: &Objects, folder: &Path) -> Bench {
    let servers = format!(
        "[prometheus]\nurl = \"http://127.0.0.1:9\"\n[backup]\nelsewhere = [\"{S3}\", \"file://{}\"]\n\
         s3_endpoint = \"{}\"\ns3_access_key_id = \"operator\"\n",
        folder.display(),
        objects.url()
    );
    let bench = Bench::with("11.2.0", None, &servers).await;
    let secret =
        SecretSetRequest { id: "s3/password".into(), secret: SecretInput::new("topsecret".to_owned()) };
    bench.panel.secret_set(secret).await.unwrap();
    // Names that a storage could take for something else.
    for uid in ["a-b", "A-B", "CON"] {
        let board = json!({"dashboard": {"uid": uid, "title": format!("Named {uid}"), "panels": []}});
        assert_eq!(bench.ask(reqwest::Method::POST, "/api/dashboards/db", Some(board)).await.0, 200);
    }
    bench
}

async fn push(bench: &Bench, id: &BackupId, place: &str) -> Result<BackupPushed, PanelError> {
    bench.panel.backup_push(BackupPushRequest { id: id.clone(), place: place.into() }).await
}

async fn remote(bench: &Bench) -> Vec<RemoteTarget> {
    bench.panel.backup_remote(Empty {}).await.unwrap().places
}

async fn verify(bench: &Bench, id: &BackupId, sample: u32) -> Result<BackupVerified, PanelError> {
    let request = BackupRemoteVerifyRequest { id: id.clone(), place: String::new(), sample };
    bench.panel.backup_remote_verify(request).await
}

async fn fetch(bench: &Bench, id: &BackupId, place: &str) -> Result<Backup, PanelError> {
    let request = BackupFetchRequest { id: id.clone(), place: place.into(), created_by: "me".into() };
    bench.panel.backup_fetch(request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_goes_elsewhere_is_verified_there_and_fetched_back() {
    let (objects, disk) = (Objects::start().await.unwrap(), tempfile::tempdir().unwrap());
    let bench = bench(&objects, disk.path()).await;
    // One that is sent in parts.
    let text = "x".repeat(9 << 20);
    bench.edit("rag-01", |data| data["panels"] = json!([{"id": 1, "options": {"content": text}}])).await;
    let made = bench.create(GRAFANA).await;
    assert_eq!((made.verdict, made.elsewhere.len()), (BackupVerdict::Verified, 0));
    let folder = bench.root().join(&made.id.0);
    let before = fs::read(folder.join("manifest.json")).unwrap();
    let file = format!("file://{}", disk.path().display());
    for place in ["", file.as_str()] {
        let sent = push(&bench, &made.id, place).await.unwrap();
        assert_eq!((sent.files, sent.there), (made.files, 0), "{sent:?}");
    }
    // The same files under the same names.
    let key = |name: &str| format!("team/panel/{}/{name}", made.id.0);
    assert_eq!(objects.get(&key("manifest.json")).unwrap(), before);
    assert_eq!(objects.keys().len(), made.files as usize + 2);
    assert_eq!(fs::read(disk.path().join(&made.id.0).join("manifest.json")).unwrap(), before);
    let check = std::process::Command::new("sha256sum")
        .args(["--check", "--quiet", "SHA256SUMS"])
        .current_dir(disk.path().join(&made.id.0))
        .status();
    assert!(check.unwrap().success());
    let listed = bench.panel.backup_list(Empty {}).await.unwrap();
    assert_eq!(listed.backups[0].elsewhere, [file.clone(), S3.to_owned()]);
    assert_eq!(listed.places, [S3.to_owned(), file.clone()]);

    let places = remote(&bench).await;
    for place in &places {
        assert_eq!((place.backups.len(), place.unfinished.len(), &place.error), (1, 0, &None), "{place:?}");
        assert_eq!(place.backups[0].verdict, BackupVerdict::Complete, "not verified before it was read");
    }
    let found = verify(&bench, &made.id, 0).await.unwrap();
    assert_eq!((found.files, found.whole, found.problems), (made.files, true, vec![]));
    assert!(!verify(&bench, &made.id, 3).await.unwrap().whole);
    let puts = objects.puts();
    assert_eq!(push(&bench, &made.id, "").await.unwrap().there, made.files);
    assert_eq!(objects.puts(), puts + 2, "only what says that it is whole is sent again");

    for place in ["", file.as_str()] {
        assert!(fetch(&bench, &made.id, place).await.unwrap_err().message.contains("already exists"));
        fs::remove_dir_all(&folder).unwrap();
        let back = fetch(&bench, &made.id, place).await.unwrap();
        assert_eq!((back.id.clone(), back.verdict), (made.id.clone(), BackupVerdict::Verified));
        assert_eq!(fs::read(folder.join("manifest.json")).unwrap(), before);
    }
    assert!(bench.same_as(&made.id).await);

    // Pruned by a policy that is shown first; the newest stays whatever it says.
    let second = bench.create(GRAFANA).await;
    push(&bench, &second.id, "").await.unwrap();
    let policy = PrunePolicy { last: 0, daily: 0, weekly: 0, monthly: 0 };
    let asked = RemotePruneRequest { place: String::new(), policy };
    let plan = bench.panel.backup_remote_prune_plan(asked).await.unwrap();
    let gone: Vec<BackupId> =
        plan.items.iter().filter(|item| !item.keep).map(|item| item.id.clone()).collect();
    assert_eq!(gone, std::slice::from_ref(&made.id));
    let request = BackupRemoteDeleteRequest { place: String::new(), ids: gone };
    let done = bench.panel.backup_remote_delete(request.clone()).await.unwrap();
    assert_eq!((done.deleted.len(), done.kept.len()), (1, 0), "{done:?}");
    assert!(objects.keys().iter().all(|key| key.contains(&format!("/{}/", second.id.0))));
    assert!(bench.panel.backup_remote_delete(request).await.unwrap().kept[0].contains("copy not found"));
    let listed = bench.panel.backup_list(Empty {}).await.unwrap();
    let first = listed.backups.iter().find(|backup| backup.id == made.id).unwrap();
    assert_eq!(first.elsewhere, [file], "what is deleted is no longer said to be there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storage_that_refuses_fills_up_loses_or_lies_is_told_and_the_copy_gone_on_with() {
    let (objects, disk) = (Objects::start().await.unwrap(), tempfile::tempdir().unwrap());
    let bench = bench(&objects, disk.path()).await;
    let made = bench.create(GRAFANA).await;
    let faults = |faults: Faults| objects.faults(faults);

    faults(Faults { refuse: Some(403), ..Faults::default() });
    assert_eq!(push(&bench, &made.id, "").await.unwrap_err().code, ErrorCode::Forbidden);
    let places = remote(&bench).await;
    assert_eq!(places[0].error.as_ref().unwrap().code, ErrorCode::Forbidden);
    assert_eq!(places[1].error, None, "one that fails costs the other nothing");

    // Full after ten: no copy, but what is there is gone on with.
    faults(Faults { room: Some(10), ..Faults::default() });
    let error = push(&bench, &made.id, "").await.unwrap_err();
    assert!(error.code == ErrorCode::ServerError && error.detail.contains("507"), "{error:?}");
    faults(Faults::default());
    let place = remote(&bench).await.remove(0);
    assert!(place.backups.is_empty() && place.unfinished[0].contains("incomplete upload"), "{place:?}");
    assert_eq!(fetch(&bench, &made.id, "").await.unwrap_err().code, ErrorCode::NotFound);
    assert!(bench.panel.backup_list(Empty {}).await.unwrap().backups[0].elsewhere.is_empty());
    let lost = "folders.json".to_owned();
    objects.keys().iter().filter(|key| key.ends_with(&lost)).for_each(|key| objects.set(key, None));
    let there = objects.keys().len();

    // It says it has a file, and has not.
    faults(Faults { loses: Some(lost), ..Faults::default() });
    let error = push(&bench, &made.id, "").await.unwrap_err();
    assert!(error.code == ErrorCode::Unverified && error.message.contains("folders.json"), "{error}");
    assert!(remote(&bench).await[0].backups.is_empty(), "without all files there is no manifest");
    faults(Faults::default());
    let sent = push(&bench, &made.id, "").await.unwrap();
    assert!(sent.there as usize >= there, "{sent:?}");
    assert_eq!(remote(&bench).await[0].backups.len(), 1);

    // Nor is a copy called whole that reads otherwise than it was sent.
    faults(Faults { flips: Some("json".into()), ..Faults::default() });
    let error = push(&bench, &made.id, "").await.unwrap_err();
    assert!(matches!(error.code, ErrorCode::Unverified | ErrorCode::InvalidRequest), "{error}");
    // What reads otherwise than it was sent is found, and not fetched.
    fs::rename(bench.root().join(&made.id.0), bench.folder.path().join("aside")).unwrap();
    faults(Faults { flips: Some("folders.json".into()), ..Faults::default() });
    let problems = verify(&bench, &made.id, 0).await.unwrap().problems;
    assert_eq!(problems, ["grafana/folders.json: checksum mismatch."]);
    let error = fetch(&bench, &made.id, "").await.unwrap_err();
    assert!(error.code == ErrorCode::Unverified && error.message.contains("folders.json"), "{error}");
    faults(Faults::default());
    let key = objects.keys().into_iter().find(|key| key.ends_with("folders.json")).unwrap();
    let whole = objects.get(&key);
    objects.set(&key, Some(vec![0; 5]));
    assert!(verify(&bench, &made.id, 0).await.unwrap().problems[0].contains("5 bytes, expected"));
    assert_eq!(fetch(&bench, &made.id, "").await.unwrap_err().code, ErrorCode::Unverified);
    objects.set(&key, None);
    assert!(verify(&bench, &made.id, 0).await.unwrap().problems[0].contains("missing"));
    assert_eq!(fetch(&bench, &made.id, "").await.unwrap_err().code, ErrorCode::Unverified);
    objects.set(&key, whole);
    // A manifest that climbs out is none.
    let key = objects.keys().into_iter().find(|key| key.ends_with("manifest.json")).unwrap();
    let manifest = objects.get(&key).unwrap();
    let lies = String::from_utf8(manifest.clone()).unwrap().replace("grafana/folders.json", "../../../x");
    objects.set(&key, Some(lies.into_bytes()));
    let place = remote(&bench).await.remove(0);
    assert!(place.unfinished[0].contains("unsafe path "), "{place:?}");
    assert_eq!(fetch(&bench, &made.id, "").await.unwrap_err().code, ErrorCode::BrokenReply);
    objects.set(&key, Some(manifest));
    assert_eq!(leftovers(&bench.root()), [""; 0]);
    assert_eq!(fetch(&bench, &made.id, "").await.unwrap().verdict, BackupVerdict::Verified);

    // A backup that has changed is not copied; another of its name is not written over.
    let file = bench.root().join(&made.id.0).join("grafana/folders.json");
    let mut bytes = fs::read(&file).unwrap();
    bytes[3] ^= 1;
    fs::write(&file, bytes).unwrap();
    let place = format!("file://{}", disk.path().display());
    let error = push(&bench, &made.id, &place).await.unwrap_err();
    assert!(error.message.contains("is corrupted"), "{error}");
    objects.set(&key, Some(b"{\"another\": 1}".to_vec()));
    assert!(
        push(&bench, &made.id, "").await.unwrap_err().message.contains("different backup with this name")
    );
    // A place that the profile does not name, a disk that is not there, a key that is not stored.
    assert_eq!(push(&bench, &made.id, "s3://elsewhere").await.unwrap_err().code, ErrorCode::NotFound);
    disk.close().unwrap();
    let error = push(&bench, &made.id, &place).await.unwrap_err();
    assert!(error.code == ErrorCode::Storage && error.hint.contains("mounted"), "{error}");
    bench.panel.secret_delete(SecretDeleteRequest { id: "s3/password".into() }).await.unwrap();
    let error = push(&bench, &made.id, "").await.unwrap_err();
    assert!(error.code == ErrorCode::SecretMissing && error.hint.contains("s3/password"), "{error}");
}
