//! A real Docker engine, and Prometheus in a container of it. The image is made of the installed program.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path, process::Command};

use aether_clients::Docker;
use aether_sim::servers::free_port;
use aether_tests::missing;

pub const HOST: &str = "unix:///var/run/docker.sock";

/// Why there is no engine to test on, if there is none.
pub async fn engine_missing() -> Option<String> {
    if let Some(program) = missing(&["docker", "prometheus", "busybox", "tar"]) {
        return Some(format!("{program} is not installed"));
    }
    match Docker::connect(HOST) {
        Ok(docker) => {
            docker.version().await.err().map(|error| format!("no Docker engine answers here ({error})"))
        }
        Err(error) => Some(format!("no Docker engine answers here ({error})")),
    }
}

pub fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(["--host", HOST]).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "docker {arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Where a program lies.
pub fn which(program: &str) -> String {
    let output = Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// An image with Prometheus, what it is linked with, and a shell, as the official one has; its data folder
/// belongs to nobody.
pub fn image(folder: &Path, name: &str) {
    let root = folder.join("root");
    for name in ["bin", "tmp", "etc", "prometheus"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    let prometheus = aether_tests::on_path("prometheus").unwrap().display().to_string();
    fs::copy(&prometheus, root.join("bin/prometheus")).unwrap();
    let linked = Command::new("ldd").arg(&prometheus).output().unwrap();
    for word in
        String::from_utf8_lossy(&linked.stdout).split_whitespace().filter(|word| word.starts_with('/'))
    {
        let to = root.join(word.trim_start_matches('/'));
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(word, to).unwrap();
    }
    fs::copy(which("busybox"), root.join("bin/busybox")).unwrap();
    for applet in ["sh", "rm", "mv", "mkdir", "rmdir", "stat", "df", "tail", "test", "[", "ls"] {
        std::os::unix::fs::symlink("busybox", root.join("bin").join(applet)).unwrap();
    }
    fs::write(root.join("etc/passwd"), "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n")
        .unwrap();
    let tar = folder.join("root.tar");
    let packed = |arguments: &[&str]| {
        assert!(Command::new("tar").args(arguments).status().unwrap().success());
    };
    let (root, tar) = (root.display().to_string(), tar.display().to_string());
    packed(&[
        "-C",
        &root,
        "--owner=0",
        "--group=0",
        "--mode=u=rwX,go=rX",
        "--exclude=./prometheus",
        "-cf",
        &tar,
        ".",
    ]);
    packed(&["-C", &root, "--owner=65534", "--group=65534", "-rf", &tar, "./prometheus"]);
    docker(&[
        "import",
        "-c",
        "ENTRYPOINT [\"/bin/prometheus\"]",
        "-c",
        "WORKDIR /prometheus",
        "-c",
        "USER 65534:65534",
        "-c",
        "ENV PATH=/bin",
        &tar,
        name,
    ]);
}

/// A container and its volume; gone with the value.
pub struct Container {
    pub name: String,
    pub url: String,
    image: String,
}

impl Container {
    /// Starts one; `more` are further arguments, labels for example.
    pub fn start(name: &str, folder: &Path, image: &str, more: &[&str]) -> Self {
        let name = format!("aether-test-{name}-{}", std::process::id());
        let config = "global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: self, static_configs: [{ \
            targets: ['127.0.0.1:9090'] }] }]\n";
        let at = folder.join("prometheus.yml");
        fs::write(&at, config).unwrap();
        fs::set_permissions(&at, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        // Named, so that it stays the same over a stop.
        let port = free_port().unwrap();
        let (volume, port) = (format!("{name}:/prometheus"), format!("127.0.0.1:{port}:9090"));
        let flags = [
            "--config.file=/etc/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            "--web.enable-admin-api",
        ];
        docker(
            &[&["create", "--name", &name, "-v", &volume, "-p", &port], more, &[image], &flags[..]].concat(),
        );
        let url = format!("http://{}", port.trim_end_matches(":9090"));
        let container = Self { name, url, image: image.to_owned() };
        docker(&["cp", &at.display().to_string(), &format!("{}:/etc/prometheus.yml", container.name)]);
        docker(&["start", &container.name]);
        container
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // A test that failed before may have left neither.
        let _ = Command::new("docker").args(["--host", HOST, "rm", "-f", "-v", &self.name]).output();
        let _ = Command::new("docker").args(["--host", HOST, "volume", "rm", &self.name]).output();
        let _ = Command::new("docker").args(["--host", HOST, "rmi", &self.image]).output();
    }
}
