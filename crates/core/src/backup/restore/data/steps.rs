//! The steps of restoring data as commands for a shell: those that are shown, and the scripts that the panel runs. Pure.

use std::path::Path;

use aether_contract::{BackupBlock, BackupId, DataStep};

use super::STOP;
use crate::backup::{build::ZSTD, parts::container::Place};

/// Where the data of before is moved to: within its own folder, so that moving is renaming.
pub fn kept(data: &str, id: &BackupId) -> String {
    format!("{data}/.before-{}", id.0)
}

/// A word for a shell.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Moves everything that is in the data folder into `kept`.
pub fn aside(data: &str, kept: &str) -> String {
    let (data, name) = (quoted(data), quoted(kept.rsplit('/').next().unwrap_or(kept)));
    // Without `find -exec mv -t`, which busybox lacks.
    format!(
        "set -e; cd {data}; test ! -e {name}; mkdir {name}; for f in * .[!.]*; do [ -e \"$f\" ] || continue; [ \"$f\" = {name} ] && continue; \
         mv -- \"$f\" {name}/; done"
    )
}

/// Deletes what was put in and moves everything in `kept` back.
pub fn undone(data: &str, kept: &str) -> String {
    let (data, name) = (quoted(data), quoted(kept.rsplit('/').next().unwrap_or(kept)));
    format!(
        "set -e; cd {data}; test -d {name}; for f in * .[!.]*; do [ -e \"$f\" ] || continue; [ \"$f\" = {name} ] && continue; \
         rm -rf -- \"$f\"; done; for f in {name}/* {name}/.[!.]*; do [ -e \"$f\" ] || continue; mv -- \"$f\" .; done; rmdir {name}"
    )
}

/// Commands that leave the blocks unpacked in a folder, and that folder.
fn plain(source: &Path, packed: bool) -> (String, String) {
    let source = source.display().to_string();
    if !packed {
        return (String::new(), source);
    }
    let copy = "/tmp/aether-blocks";
    let unpack = format!(
        "rm -rf {copy} && cp -r {} {copy} && find {copy} -name '*{ZSTD}' -exec zstd -d -q --rm {{}} + && ",
        quoted(&source)
    );
    (unpack, copy.to_owned())
}

fn step(title: impl Into<String>, command: impl Into<String>) -> DataStep {
    DataStep { title: title.into(), command: command.into() }
}

/// The question that shows whether the samples are there.
fn question(url: &str, blocks: &[BackupBlock]) -> String {
    let at = blocks.iter().map(|block| block.to.0).max().unwrap_or(0) / 1000 - 1;
    format!("promtool query instant --time={at} {} 'count({{__name__=~\".+\"}})'", quoted(url))
}

/// The command that runs a script beside a container that does not run.
fn beside(place: &Place, script: &str) -> String {
    format!(
        "docker run --rm --network none --user 0:0 --volumes-from {} --entrypoint /bin/sh {} -c {}",
        quoted(&place.container.name),
        quoted(&place.container.image),
        quoted(script)
    )
}

/// The commands that move the data of before back into a container, on a line.
pub fn back_in_docker(place: &Place, kept: &str) -> String {
    let name = quoted(&place.container.name);
    let script = undone(&place.data, kept);
    format!("docker stop {name} && {} && docker start {name}", beside(place, &script))
}

/// The steps with the engine, and those back.
pub fn in_docker(
    place: &Place,
    owner: Option<(u64, u64)>,
    (source, packed): (&Path, bool),
    kept: &str,
    url: &str,
    blocks: &[BackupBlock],
) -> (Vec<DataStep>, Vec<DataStep>) {
    let (name, data) = (quoted(&place.container.name), &place.data);
    let (uid, gid) = owner.unwrap_or((65534, 65534));
    let beside = |script: &str| beside(place, script);
    let stop = || step("Stop Prometheus", format!("docker stop --time {} {name}", STOP.as_secs()));
    let start = || step("Start Prometheus", format!("docker start {name}"));
    let (unpack, source) = plain(source, packed);
    let put = format!(
        "{unpack}tar -C {} --owner={uid} --group={gid} --mode=u=rwX,go=rX -cf - . | docker cp - {name}:{}",
        quoted(&source),
        quoted(data)
    );
    let steps = vec![
        stop(),
        step(format!("Move the data of before aside, to {kept}"), beside(&aside(data, kept))),
        step(format!("Put the blocks in, owned by {uid}:{gid}"), put),
        start(),
        step("Look whether the samples are there", question(url, blocks)),
    ];
    let back = vec![stop(), step("Move the data of before back", beside(&undone(data, kept))), start()];
    (steps, back)
}

/// The steps for a service of this machine, and those back.
pub fn by_hand(
    data: &str,
    (source, packed): (&Path, bool),
    kept: &str,
    url: &str,
    blocks: &[BackupBlock],
) -> (Vec<DataStep>, Vec<DataStep>) {
    let (unpack, source) = plain(source, packed);
    let owner = format!("$(stat -c %u:%g {})", quoted(data));
    let root = |script: &str| format!("sudo sh -c {}", quoted(script));
    let stop = || step("Stop Prometheus", "sudo systemctl stop prometheus");
    let start = || step("Start Prometheus", "sudo systemctl start prometheus");
    let steps = vec![
        stop(),
        step(format!("Move the data of before aside, to {kept}"), root(&aside(data, kept))),
        step(
            "Put the blocks in, owned by whom the folder belongs to",
            format!(
                "{unpack}sudo cp -r {}/. {}/ && sudo chown -R {owner} {}",
                quoted(&source),
                quoted(data),
                quoted(data)
            ),
        ),
        start(),
        step("Look whether the samples are there", question(url, blocks)),
    ];
    let back = vec![stop(), step("Move the data of before back", root(&undone(data, kept))), start()];
    (steps, back)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> (bool, String) {
        let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    #[test]
    fn the_data_of_before_is_moved_aside_and_back_whatever_its_names() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("it's data");
        std::fs::create_dir_all(data.join("wal")).unwrap();
        for name in ["lock", ".hidden", "-rf", "a b", "01OLD"] {
            std::fs::write(data.join(name), name).unwrap();
        }
        let path = data.display().to_string();
        let kept = kept(&path, &BackupId("2026-11-27_14-05".into()));
        let (ok, why) = shell(&aside(&path, &kept));
        assert!(ok, "{why}");
        let left: Vec<_> =
            std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, [".before-2026-11-27_14-05"]);
        assert!(!shell(&aside(&path, &kept)).0, "a second time would mix both");
        std::fs::write(data.join("01NEW"), "new").unwrap();
        let (ok, why) = shell(&undone(&path, &kept));
        assert!(ok, "{why}");
        let mut left: Vec<String> = std::fs::read_dir(&data)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        left.sort();
        assert_eq!(left, ["-rf", ".hidden", "01OLD", "a b", "lock", "wal"]);
    }

    #[test]
    fn words_for_a_shell_are_quoted() {
        assert_eq!(quoted("/data/a-b_c.d"), "/data/a-b_c.d");
        assert_eq!(quoted("it's; rm"), r"'it'\''s; rm'");
        assert_eq!(quoted(""), "''");
    }
}
