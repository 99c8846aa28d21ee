//! The steps of restoring data as commands for a shell: those that are shown, and the scripts that the panel
//! runs. Pure.

use std::path::Path;

use aether_contract::{BackupBlock, BackupId, DataStep};

use super::STOP;
use crate::{build::ZSTD, parts::container::Place};
use aether_foundation::shell::{posix, posix_path};

/// Folder for the previous data: inside the data folder, so that moving is renaming.
pub fn kept(data: &str, id: &BackupId) -> String {
    format!("{data}/.before-{}", id.0)
}

/// Moves everything that is in the data folder into `kept`.
pub fn aside(data: &str, kept: &str) -> String {
    let (data, name) = (posix_path(data), posix(kept.rsplit('/').next().unwrap_or(kept)));
    // Without `find -exec mv -t`, which busybox lacks.
    format!(
        "set -e; cd {data}; test ! -e {name}; mkdir {name}; for f in * .[!.]*; do [ -e \"$f\" ] || continue; [ \
            \"$f\" = {name} ] && continue; \
         mv -- \"$f\" {name}/; done"
    )
}

/// Deletes what was put in and moves everything in `kept` back.
pub fn undone(data: &str, kept: &str) -> String {
    let (data, name) = (posix_path(data), posix(kept.rsplit('/').next().unwrap_or(kept)));
    format!(
        "set -e; cd {data}; test -d {name}; for f in * .[!.]*; do [ -e \"$f\" ] || continue; [ \"$f\" = {name} \
            ] && continue; \
         rm -rf -- \"$f\"; done; for f in {name}/* {name}/.[!.]*; do [ -e \"$f\" ] || continue; mv -- \"$f\" \
         .; done; rmdir {name}"
    )
}

/// Where the blocks are, as a word for a shell, with the commands before and after it. Packed ones are unpacked in
/// a new folder of this account only: one with a known name could be made by somebody else first, to be read or
/// followed.
fn unpacked(source: &Path, packed: bool) -> (String, String, &'static str) {
    let source = posix_path(&source.display().to_string());
    if !packed {
        return (String::new(), source, "");
    }
    let unpack = format!(
        "blocks=$(mktemp -d) && cp -r {source}/. \"$blocks\" && \
         find \"$blocks\" -name '*{ZSTD}' -exec zstd -d -q --rm {{}} + && "
    );
    (unpack, "\"$blocks\"".to_owned(), " && rm -rf -- \"$blocks\"")
}

fn step(title: impl Into<String>, command: impl Into<String>) -> DataStep {
    DataStep { title: title.into(), command: command.into() }
}

/// The question that shows whether the samples are there.
fn question(url: &str, blocks: &[BackupBlock]) -> String {
    let at = blocks.iter().map(|block| block.to.0).max().unwrap_or(0) / 1000 - 1;
    format!("promtool query instant --time={at} {} 'count({{__name__=~\".+\"}})'", posix(url))
}

/// The command that runs a script beside a container that does not run.
fn beside(place: &Place, script: &str) -> String {
    format!(
        "docker run --rm --network none --user 0:0 --volumes-from {} --entrypoint /bin/sh {} -c {}",
        posix(&place.container.name),
        posix(&place.container.image),
        posix(script)
    )
}

/// Shell commands that move the previous data back, for a container.
pub fn back_in_docker(place: &Place, kept: &str) -> String {
    let name = posix(&place.container.name);
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
    let (name, data) = (posix(&place.container.name), &place.data);
    let (uid, gid) = owner.unwrap_or((65534, 65534));
    let beside = |script: &str| beside(place, script);
    let stop = || step("Stop Prometheus", format!("docker stop --time {} {name}", STOP.as_secs()));
    let start = || step("Start Prometheus", format!("docker start {name}"));
    let (unpack, source, clean_up) = unpacked(source, packed);
    let put = format!(
        "{unpack}tar -C {source} --owner={uid} --group={gid} --mode=u=rwX,go=rX -cf - . | \
         docker cp - {name}:{}{clean_up}",
        posix(data)
    );
    let steps = vec![
        stop(),
        step(format!("Move the previous data aside to {kept}"), beside(&aside(data, kept))),
        step(format!("Copy the blocks, owned by {uid}:{gid}"), put),
        start(),
        step("Check that the samples are queryable", question(url, blocks)),
    ];
    let back = vec![stop(), step("Move the previous data back", beside(&undone(data, kept))), start()];
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
    let (unpack, source, clean_up) = unpacked(source, packed);
    let folder = posix_path(data);
    let root = |script: &str| format!("sudo sh -c {}", posix(script));
    let stop = || step("Stop Prometheus", "sudo systemctl stop prometheus");
    let start = || step("Start Prometheus", "sudo systemctl start prometheus");
    let steps = vec![
        stop(),
        step(format!("Move the previous data aside to {kept}"), root(&aside(data, kept))),
        step(
            "Copy the blocks, owned by the owner of the folder",
            format!(
                "{unpack}sudo cp -r {source}/. {folder}/ && \
                 sudo chown -R \"$(stat -c %u:%g {folder})\" {folder}{clean_up}"
            ),
        ),
        start(),
        step("Check that the samples are queryable", question(url, blocks)),
    ];
    let back = vec![stop(), step("Move the previous data back", root(&undone(data, kept))), start()];
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

    /// The real commands, with stand-ins for the programs that would change the system.
    #[cfg(unix)]
    fn run_by_hand(root: &Path, source: &Path, packed: bool, data: &str) -> (bool, String) {
        let tools = root.join("bin");
        std::fs::create_dir_all(&tools).unwrap();
        for (name, script) in [
            ("sudo", "exec \"$@\""),
            ("zstd", "for file; do case $file in *.zst) mv -- \"$file\" \"${file%.zst}\";; esac; done"),
        ] {
            let path = tools.join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
        let scratch = root.join("scratch");
        std::fs::create_dir_all(&scratch).unwrap();
        let (steps, _) = by_hand(data, (source, packed), &format!("{data}/.before-x"), "http://h", &[]);
        let put = &steps.iter().find(|step| step.title.starts_with("Copy the blocks")).unwrap().command;
        let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
        let output = std::process::Command::new("sh")
            .args(["-c", put])
            .current_dir(root)
            .env("PATH", path)
            .env("TMPDIR", &scratch)
            .output()
            .unwrap();
        let left = std::fs::read_dir(&scratch).unwrap().count();
        assert_eq!(left, 0, "the folder for unpacking was left behind by: {put}");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    #[cfg(unix)]
    #[test]
    fn suggested_commands_survive_hostile_paths_in_a_real_shell() {
        let hostile = [
            "a b",
            "it's",
            "$(touch pwned)",
            "`touch pwned`",
            "x\ntouch pwned",
            "-rf",
            "\"; touch pwned; \"",
            "a;touch pwned",
        ];
        for name in hostile {
            for packed in [false, true] {
                let root = tempfile::tempdir().unwrap();
                let source = root.path().join("blocks").join(name);
                std::fs::create_dir_all(&source).unwrap();
                std::fs::write(source.join(if packed { "meta.json.zst" } else { "meta.json" }), "{}")
                    .unwrap();
                // Relative, as a server may report it: then a dash may come first.
                let data = root.path().join(name);
                std::fs::create_dir_all(&data).unwrap();
                let (ok, why) = run_by_hand(root.path(), &source, packed, name);
                assert!(ok, "{name:?}: {why}");
                assert!(data.join("meta.json").is_file(), "{name:?}");
                assert!(!root.path().join("pwned").exists(), "{name:?} ran a command");
            }
        }
    }

    #[test]
    fn blocks_are_unpacked_in_a_new_folder_with_an_unpredictable_name() {
        let (unpack, folder, clean_up) = unpacked(Path::new("/b"), true);
        assert!(unpack.starts_with("blocks=$(mktemp -d) && ") && !unpack.contains("/tmp"), "{unpack}");
        assert_eq!((folder.as_str(), clean_up), ("\"$blocks\"", " && rm -rf -- \"$blocks\""));
    }
}
