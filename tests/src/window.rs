//! The real window on a desktop of its own, driven through WebKitWebDriver.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use serde_json::json;
use x11rb::{
    connection::Connection as _,
    protocol::xproto::{AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, MapState},
    wrapper::ConnectionExt as _,
};

use crate::{Desktop, eventually, missing};

/// Longest wait for something that should be on the screen within seconds.
pub const SOON: Duration = Duration::from_secs(60);

/// Runs the window's program, and writes down what it says and how it ends: the driver, whose child it is,
/// tells neither.
const WATCHED: &str =
    r#"program=$1 words=$2 ended=$3; shift 3; "$program" "$@" 2>"$words"; echo $? >"$ended""#;

/// A driver with everything that it starts. The app outlives a driver that is killed, so the whole group is ended.
struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    fn start(desktop: &Desktop, home: &Path, environment: &[(&str, String)]) -> Result<Self, String> {
        let port = aether_sim::servers::free_port().map_err(|e| e.to_string())?;
        let mut command = desktop.command("WebKitWebDriver");
        command
            .arg(format!("--port={port}"))
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("TAURI_AUTOMATION", "true")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env("AETHER_HOME", home)
            .env_remove("AETHER_STACK")
            // They would win over what is typed and kept.
            .env_remove("AETHER_GRAFANA_TOKEN")
            .env_remove("AETHER_GRAFANA_PASSWORD")
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let child = command.spawn().map_err(|e| format!("WebKitWebDriver: {e}"))?;
        Ok(Self { child, port })
    }

    /// Whether the driver or anything that it started still runs.
    fn runs(&mut self) -> bool {
        // Asked for first: a driver that has ended stays in the list of processes until then.
        let driver = matches!(self.child.try_wait(), Ok(None));
        driver || any_in_group(self.child.id())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        for signal in ["-TERM", "-KILL"] {
            // Fails when nothing of the group is left.
            let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
            let deadline = Instant::now() + Duration::from_secs(5);
            while Instant::now() < deadline && self.runs() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let _ = self.child.wait();
    }
}

/// Whether a process of this group runs; one that has ended and is only not yet taken note of does not.
fn any_in_group(group: u32) -> bool {
    let stats = fs::read_dir("/proc").into_iter().flatten().flatten();
    stats.filter_map(|process| fs::read_to_string(process.path().join("stat")).ok()).any(|stat| {
        // "PID (name) STATE PARENT GROUP …", and a name may hold anything.
        let mut after = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let state = after.next();
        state != Some("Z") && after.nth(1).and_then(|number| number.parse().ok()) == Some(group)
    })
}

/// An open window.
pub struct Window {
    client: Client,
    display: String,
    _driver: Driver,
    /// Of [`WATCHED`].
    notes: tempfile::TempDir,
}

impl Window {
    /// Programs that it takes.
    pub const NEEDS: &'static [&'static str] = &["WebKitWebDriver"];

    /// Why none can be tried here, if it can't.
    pub fn missing() -> Option<String> {
        let program = missing(Desktop::NEEDS).or_else(|| missing(Self::NEEDS));
        program.map(|program| format!("{program} is not installed"))
    }

    /// Opens the window on a desktop.
    ///
    /// # Errors
    /// What the driver says.
    pub async fn open(
        desktop: &Desktop,
        program: &Path,
        home: &Path,
        arguments: &[&str],
        environment: &[(&str, String)],
    ) -> Result<Self, String> {
        let driver = Driver::start(desktop, home, environment)?;
        let address = format!("http://127.0.0.1:{}", driver.port);
        let http = reqwest::Client::builder().no_proxy().build().map_err(|e| e.to_string())?;
        let up = eventually(SOON, async || {
            let reply = http.get(format!("{address}/status")).send().await.ok()?;
            reply.status().is_success().then_some(())
        });
        up.await.ok_or("WebKitWebDriver did not come up")?;
        let notes = tempfile::tempdir().map_err(|e| e.to_string())?;
        let (words, ended) = (notes.path().join("words"), notes.path().join("ended"));
        let mut watched = vec![json!("-c"), json!(WATCHED), json!("sh")];
        watched.extend([json!(program), json!(words), json!(ended)]);
        watched.extend(arguments.iter().map(|argument| json!(argument)));
        let options = json!({"binary": "/bin/sh", "args": watched});
        let capabilities = [("webkitgtk:browserOptions".to_owned(), options)].into_iter().collect();
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&address)
            .await
            .map_err(|e| format!("no session with the window: {e}"))?;
        Ok(Self { client, display: desktop.display.clone(), notes, _driver: driver })
    }

    /// Closes the window, as its close button does, and waits for the program's end. The driver's own way is no use:
    /// it kills the program, which then can't say good-bye to its servers and files.
    ///
    /// # Errors
    /// That it did not end, or not well.
    pub async fn close(self) -> Result<(), String> {
        press_close(&self.display)?;
        let ended = self.notes.path().join("ended");
        let code =
            eventually(SOON, async || fs::read_to_string(&ended).ok()?.trim().parse::<i32>().ok()).await;
        let words = fs::read_to_string(self.notes.path().join("words")).unwrap_or_default();
        match code {
            Some(0) if !words.contains("panicked") => Ok(()),
            Some(code) => Err(format!("the program ended with {code}: {words}")),
            None => Err(format!("the program did not end: {words}")),
        }
    }

    /// Waits for an element by the name that tests know it by.
    ///
    /// # Errors
    /// Its name, with what is on the screen instead.
    pub async fn see(&self, name: &str) -> Result<Element, String> {
        self.find(&format!("[data-testid='{name}']")).await
    }

    /// Waits for an element by a selector.
    ///
    /// # Errors
    /// As [`Self::see`].
    pub async fn find(&self, selector: &str) -> Result<Element, String> {
        let found = eventually(SOON, async || self.client.find(Locator::Css(selector)).await.ok()).await;
        match found {
            Some(element) => Ok(element),
            None => Err(format!("never seen: {selector}; on the screen: {}", self.text().await)),
        }
    }

    /// Waits for an element and clicks it.
    ///
    /// # Errors
    /// As [`Self::see`].
    pub async fn click(&self, name: &str) -> Result<(), String> {
        self.click_on(&format!("[data-testid='{name}']")).await
    }

    /// Waits for what a selector picks out, and clicks it.
    ///
    /// # Errors
    /// As [`Self::see`].
    pub async fn click_on(&self, selector: &str) -> Result<(), String> {
        self.find(selector).await?;
        // It may be replaced between the look and the click, or not be enabled yet.
        let clicked = eventually(SOON, async || {
            let element = self.client.find(Locator::Css(selector)).await.ok()?;
            if !element.is_enabled().await.ok()? {
                return None;
            }
            element.click().await.ok()
        });
        clicked.await.ok_or_else(|| format!("{selector} could not be clicked"))
    }

    /// Types into an element.
    ///
    /// # Errors
    /// As [`Self::see`].
    pub async fn type_into(&self, selector: &str, text: &str) -> Result<(), String> {
        let element = self.find(selector).await?;
        element.send_keys(text).await.map_err(|e| format!("{selector}: {e}"))
    }

    /// Presses a key with nothing focused.
    ///
    /// # Errors
    /// As [`Self::see`].
    pub async fn press(&self, key: &str) -> Result<(), String> {
        self.type_into("body", key).await
    }

    /// Waits until an element's text fits, and returns it.
    ///
    /// # Errors
    /// The text that it has instead.
    pub async fn reads(&self, selector: &str, fits: impl Fn(&str) -> bool) -> Result<String, String> {
        self.reads_within(SOON, selector, fits).await
    }

    /// As [`Self::reads`], with a patience of one's own.
    ///
    /// # Errors
    /// As [`Self::reads`].
    pub async fn reads_within(
        &self,
        patience: Duration,
        selector: &str,
        fits: impl Fn(&str) -> bool,
    ) -> Result<String, String> {
        let text = async || self.client.find(Locator::Css(selector)).await.ok()?.text().await.ok();
        match eventually(patience, async || text().await.filter(|text| fits(text))).await {
            Some(text) => Ok(text),
            None => Err(format!("{selector} reads {:?}", text().await)),
        }
    }

    /// What is typed into an input, which the page's source does not hold.
    ///
    /// # Errors
    /// As [`Self::see`].
    pub async fn typed(&self, selector: &str) -> Result<String, String> {
        let value = self.find(selector).await?.prop("value").await.map_err(|e| e.to_string())?;
        value.ok_or_else(|| format!("{selector} takes no text"))
    }

    /// Waits until an element's attribute has a value.
    ///
    /// # Errors
    /// The value that it has instead.
    pub async fn has(&self, selector: &str, attribute: &str, value: &str) -> Result<(), String> {
        self.has_within(SOON, selector, attribute, value).await
    }

    /// As [`Self::has`], with a patience of one's own.
    ///
    /// # Errors
    /// As [`Self::has`].
    pub async fn has_within(
        &self,
        patience: Duration,
        selector: &str,
        attribute: &str,
        value: &str,
    ) -> Result<(), String> {
        let told = async || {
            let element = self.client.find(Locator::Css(selector)).await.ok()?;
            element.attr(attribute).await.ok()?
        };
        match eventually(patience, async || told().await.filter(|told| told == value)).await {
            Some(_) => Ok(()),
            None => Err(format!("{selector}: {attribute} is {:?}, not {value}", told().await)),
        }
    }

    /// Waits until an element is gone.
    ///
    /// # Errors
    /// Its selector.
    pub async fn gone(&self, selector: &str) -> Result<(), String> {
        // Another error than this one says nothing about the page.
        let absent = async || match self.client.find(Locator::Css(selector)).await {
            Err(error) if error.is_no_such_element() => Some(()),
            _ => None,
        };
        eventually(SOON, absent).await.ok_or_else(|| format!("{selector} stays"))
    }

    /// The page's source.
    ///
    /// # Errors
    /// What the driver says.
    pub async fn source(&self) -> Result<String, String> {
        self.client.source().await.map_err(|e| e.to_string())
    }

    async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default().chars().take(600).collect(),
            Err(error) => error.to_string(),
        }
    }
}

/// What a window manager sends to a window whose close button is pressed. A desktop of the test's own has one window.
fn press_close(display: &str) -> Result<(), String> {
    let told = |error: &dyn std::fmt::Display| format!("the window could not be closed: {error}");
    let (x, number) = x11rb::connect(Some(display)).map_err(|e| told(&e))?;
    let root = x.setup().roots.get(number).ok_or("no screen")?.root;
    let atom = |name: &str| {
        let reply = x.intern_atom(false, name.as_bytes()).map_err(|e| told(&e))?.reply();
        reply.map(|reply| reply.atom).map_err(|e| told(&e))
    };
    let (protocols, delete) = (atom("WM_PROTOCOLS")?, atom("WM_DELETE_WINDOW")?);
    let tree = x.query_tree(root).map_err(|e| told(&e))?.reply().map_err(|e| told(&e))?;
    for window in tree.children {
        let attributes = x.get_window_attributes(window).map_err(|e| told(&e))?.reply();
        let spoken =
            x.get_property(false, window, protocols, AtomEnum::ATOM, 0, 16).map_err(|e| told(&e))?.reply();
        // One that went away meanwhile is not the one.
        let (Ok(attributes), Ok(spoken)) = (attributes, spoken) else { continue };
        let closes = spoken.value32().is_some_and(|mut atoms| atoms.any(|atom| atom == delete));
        if attributes.map_state == MapState::VIEWABLE && closes {
            let event =
                ClientMessageEvent::new(32, window, protocols, [delete, x11rb::CURRENT_TIME, 0, 0, 0]);
            x.send_event(false, window, EventMask::NO_EVENT, event).map_err(|e| told(&e))?;
            // The server forgets what it has not read of a client that is gone.
            return x.sync().map_err(|e| told(&e));
        }
    }
    Err("no window is open".into())
}
