//! The real window on a desktop of its own, driven through WebKitWebDriver.

use std::{
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use serde_json::json;

use crate::{Desktop, eventually};

/// Longest wait for something that should be on the screen within seconds.
pub const SOON: Duration = Duration::from_secs(60);

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
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let child = command.spawn().map_err(|e| format!("WebKitWebDriver: {e}"))?;
        Ok(Self { child, port })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        for signal in ["-TERM", "-KILL"] {
            // Fails when nothing of the group is left.
            let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
            let deadline = std::time::Instant::now() + Duration::from_secs(3);
            while std::time::Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let _ = self.child.wait();
    }
}

/// An open window.
pub struct Window {
    client: Client,
    _driver: Driver,
}

impl Window {
    /// Programs that it takes.
    pub const NEEDS: &'static [&'static str] = &["WebKitWebDriver"];

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
        let options = json!({"binary": program, "args": arguments});
        let capabilities = [("webkitgtk:browserOptions".to_owned(), options)].into_iter().collect();
        let client = ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(&address)
            .await
            .map_err(|e| format!("no session with the window: {e}"))?;
        Ok(Self { client, _driver: driver })
    }

    /// Closes the window, as its close button does, and waits for the program's end.
    ///
    /// # Errors
    /// What the driver says.
    pub async fn close(self) -> Result<(), String> {
        self.client.close().await.map_err(|e| e.to_string())
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
        self.see(name).await?;
        let selector = format!("[data-testid='{name}']");
        // It may be replaced between the look and the click, or not be enabled yet.
        let clicked = eventually(SOON, async || {
            let element = self.client.find(Locator::Css(&selector)).await.ok()?;
            if !element.is_enabled().await.ok()? {
                return None;
            }
            element.click().await.ok()
        });
        clicked.await.ok_or_else(|| format!("{name} could not be clicked"))
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
        let text = async || self.client.find(Locator::Css(selector)).await.ok()?.text().await.ok();
        match eventually(SOON, async || text().await.filter(|text| fits(text))).await {
            Some(text) => Ok(text),
            None => Err(format!("{selector} reads {:?}", text().await)),
        }
    }

    /// Waits until an element's attribute has a value.
    ///
    /// # Errors
    /// The value that it has instead.
    pub async fn has(&self, selector: &str, attribute: &str, value: &str) -> Result<(), String> {
        let told = async || {
            let element = self.client.find(Locator::Css(selector)).await.ok()?;
            element.attr(attribute).await.ok()?
        };
        match eventually(SOON, async || told().await.filter(|told| told == value)).await {
            Some(_) => Ok(()),
            None => Err(format!("{selector}: {attribute} is {:?}, not {value}", told().await)),
        }
    }

    /// Waits until an element is gone.
    ///
    /// # Errors
    /// Its selector.
    pub async fn gone(&self, selector: &str) -> Result<(), String> {
        let absent = async || self.client.find(Locator::Css(selector)).await.is_err().then_some(());
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
