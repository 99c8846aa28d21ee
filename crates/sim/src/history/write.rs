//! OpenMetrics text and the blocks made of it.

use std::{
    fs::{self, File},
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::process::Command;

use crate::{SimError, servers::find};

/// A file of samples. Families have to be written one after the other.
pub struct OpenMetrics {
    file: BufWriter<File>,
    path: PathBuf,
}

impl OpenMetrics {
    pub fn create(path: &Path) -> Result<Self, SimError> {
        let file = File::create(path).map_err(SimError::file(path))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 20, file), path: path.to_path_buf() })
    }

    /// Begins a metric.
    pub fn family(&mut self, name: &str, kind: &str) -> Result<(), SimError> {
        writeln!(self.file, "# TYPE {name} {kind}").map_err(SimError::file(&self.path))
    }

    /// One sample; `time` in seconds.
    pub fn sample(&mut self, series: &str, value: f64, time: i64) -> Result<(), SimError> {
        writeln!(self.file, "{series} {value:.6} {time}").map_err(SimError::file(&self.path))
    }

    /// Ends the file.
    pub fn finish(mut self) -> Result<(), SimError> {
        writeln!(self.file, "# EOF").and_then(|()| self.file.flush()).map_err(SimError::file(&self.path))
    }
}

/// Makes blocks of up to 31 days: with promtool's own two hours the file would be read 360 times.
pub async fn into_blocks(file: &Path, folder: &Path) -> Result<(), SimError> {
    let promtool = find("promtool", "prometheus")?;
    let output = Command::new(promtool)
        .args(["tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics"])
        .arg(file)
        .arg(folder)
        .arg("-q")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|e| SimError::Other(format!("promtool: {e}")))?;
    if !output.status.success() {
        let words =
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        return Err(SimError::Other(format!("promtool failed to create blocks: {}", words.trim())));
    }
    fs::remove_file(file).map_err(SimError::file(file))
}

/// Copies a tree by hard links (blocks are never changed in place), or by copying where links can't be made.
pub fn link_tree(from: &Path, to: &Path) -> Result<(), SimError> {
    fs::create_dir_all(to).map_err(SimError::file(to))?;
    for entry in fs::read_dir(from).map_err(SimError::file(from))? {
        let path = entry.map_err(SimError::file(from))?.path();
        let Some(name) = path.file_name() else { continue };
        let target = to.join(name);
        if path.is_dir() {
            link_tree(&path, &target)?;
        } else if fs::hard_link(&path, &target).is_err() {
            fs::copy(&path, &target).map_err(SimError::file(&target))?;
        }
    }
    Ok(())
}
