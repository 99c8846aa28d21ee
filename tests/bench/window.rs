//! The window against an empty one of the same build: until something is painted, and memory. Seen from outside, by the
//! pixels of the screen, so that a page can't say it is done before a person would.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use aether_tests::{
    Ended, eventually,
    stack::{Stack, servers_missing},
};
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{ConnectionExt as _, ImageFormat},
    rust_connection::RustConnection,
};

use crate::Measured;

/// The page of `src-tauri/examples/empty.rs`.
const EMPTY: [Colour; 1] = [(18, 52, 86)];
/// Arcs of the dark theme (`--ok-draw`, `--warn-draw`, `--crit-draw` of `ui/src/styles/tokens.css`). The rings of the
/// thresholds around them are translucent, so their pixels are of other colours.
const ARCS: [Colour; 3] = [(0x4c, 0xc3, 0x8a), (0xf0, 0xb4, 0x29), (0xff, 0x6b, 0x6b)];
/// Where the arcs are, below the bar with its coloured lights.
const TOP: i16 = 110;
const HEIGHT: u16 = 190;
/// An arc has some hundreds of pixels.
const ENOUGH: usize = 150;
/// WebKit's plain renderer, which the panel chooses.
const PLAIN_RENDERER: (&str, &str) = ("WEBKIT_DISABLE_DMABUF_RENDERER", "1");
/// Longest wait for a window.
const PATIENCE: Duration = Duration::from_secs(60);
/// When memory is looked at: the first bustle is over.
const SETTLED: Duration = Duration::from_secs(4);

type Colour = (u8, u8, u8);

/// What one start showed.
struct Start {
    painted_ms: f64,
    memory_mib: f64,
}

/// Both windows, in turns.
pub fn run(runs: usize) -> Result<Vec<Measured>, String> {
    if let Some(why) = servers_missing() {
        return Err(why);
    }
    let folder = std::env::current_exe().map_err(|e| e.to_string())?;
    let folder = folder.parent().ok_or("no folder of programs")?;
    let (panel, empty) = (folder.join("aetherlink-panel"), folder.join("examples/empty"));
    for program in [&panel, &empty] {
        if !program.is_file() {
            return Err(format!("{} is not built", program.display()));
        }
    }
    let screen = Screen::connect()?;
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    let stack = runtime.block_on(warm_stack())?;
    let home = stack.folder.path().join("home");
    let mut lines = [
        ("start to the first painted gauge / to an empty window", "ms"),
        ("memory (PSS of all processes) / that of an empty window", "MiB"),
    ]
    .map(|(name, unit)| Measured { name: name.to_owned(), unit, ours: Vec::new(), floor: Vec::new() });
    // The first start of each fills the caches and does not count.
    for run in 0..=runs {
        let floor = screen.start(&empty, &home, &[], &[PLAIN_RENDERER], &EMPTY)?;
        // The panel chooses the renderer itself, by starting anew: a person waits for that too.
        let ours = screen.start(&panel, &home, &["--stack", "test"], &[], &ARCS)?;
        if run == 0 {
            continue;
        }
        let [painted, memory] = &mut lines;
        painted.ours.push(ours.painted_ms);
        painted.floor.push(floor.painted_ms);
        memory.ours.push(ours.memory_mib);
        memory.floor.push(floor.memory_mib);
    }
    Ok(lines.into())
}

/// Real servers whose gauges have values.
async fn warm_stack() -> Result<Stack, String> {
    let stack = Stack::start(1).await?;
    stack.profile("")?;
    let url = format!("{}/api/v1/query?query=aether:health_score:15m", stack.prometheus.url());
    let http = reqwest::Client::builder().no_proxy().build().map_err(|e| e.to_string())?;
    eventually(PATIENCE, async || {
        let text = http.get(&url).send().await.ok()?.text().await.ok()?;
        text.contains("\"value\"").then_some(())
    })
    .await
    .ok_or("the servers never had a value")?;
    Ok(stack)
}

struct Screen {
    x: RustConnection,
    root: u32,
    width: u16,
}

impl Screen {
    fn connect() -> Result<Self, String> {
        let (x, number) = x11rb::connect(None).map_err(|e| format!("no X display: {e}"))?;
        let screen = x.setup().roots.get(number).ok_or("no screen")?;
        let (root, width) = (screen.root, screen.width_in_pixels);
        Ok(Self { root, width, x })
    }

    /// How many pixels of the strip have one of the colours.
    fn count(&self, colours: &[Colour]) -> Result<usize, String> {
        let image = self
            .x
            .get_image(ImageFormat::Z_PIXMAP, self.root, 0, TOP, self.width, HEIGHT, u32::MAX)
            .map_err(|e| e.to_string())?
            .reply()
            .map_err(|e| e.to_string())?;
        let is_one = |pixel: &&[u8]| match pixel {
            [blue, green, red, ..] => colours.contains(&(*red, *green, *blue)),
            _ => false,
        };
        Ok(image.data.chunks_exact(4).filter(is_one).count())
    }

    fn start(
        &self,
        program: &Path,
        home: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
        colours: &[Colour],
    ) -> Result<Start, String> {
        let before = Instant::now();
        while self.count(colours)? > 0 {
            if before.elapsed() > PATIENCE {
                return Err("another window is in the way".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let began = Instant::now();
        let child = Command::new(program)
            .args(arguments)
            .env_remove(PLAIN_RENDERER.0)
            .envs(environment.iter().copied())
            .env("AETHER_HOME", home)
            // An X display is what is looked at, and a person's own folders are none of this.
            .env("GDK_BACKEND", "x11")
            .env("XDG_DATA_HOME", home.join("xdg/data"))
            .env("XDG_CACHE_HOME", home.join("xdg/cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{}: {e}", program.display()))?;
        let child = Ended(child);
        while self.count(colours)? < ENOUGH {
            if began.elapsed() > PATIENCE {
                return Err(format!("{} painted nothing", program.display()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let painted_ms = began.elapsed().as_secs_f64() * 1000.0;
        std::thread::sleep(SETTLED);
        let memory_mib = memory(&child.0)?;
        Ok(Start { painted_ms, memory_mib })
    }
}

/// Proportional set size of a process and all below it, in MiB.
fn memory(child: &Child) -> Result<f64, String> {
    let mut open = vec![child.id()];
    let mut kib = 0.0;
    while let Some(process) = open.pop() {
        let folder = PathBuf::from(format!("/proc/{process}"));
        // A process may end between the look at its parent and this one.
        let Ok(rollup) = fs::read_to_string(folder.join("smaps_rollup")) else { continue };
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        kib += pss.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0);
        for task in fs::read_dir(folder.join("task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            open.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
    }
    if kib > 0.0 { Ok(kib / 1024.0) } else { Err("the kernel does not tell memory (smaps_rollup)".into()) }
}
