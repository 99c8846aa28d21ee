//! The icon in the tray. A convenience: where the desktop has no tray or its library is missing, the panel goes on.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

use tauri::{
    AppHandle, Manager, Runtime,
    image::Image,
    menu::{Menu, MenuEvent, MenuItem, PredefinedMenuItem},
    tray::{TrayIcon, TrayIconBuilder},
};

use crate::{
    args::Screen,
    cell::PanelCell,
    desktop_status::{DesktopStatus, TrayStatus},
    window,
};

const OPEN: &str = "open";
const QUIT: &str = "quit";

/// The icon with its lines.
pub struct Tray<R: Runtime> {
    icon: TrayIcon<R>,
    alerts: MenuItem<R>,
    maintenance: MenuItem<R>,
}

/// Puts the icon there, if the desktop can. Call on the main thread.
pub fn start<R: Runtime>(app: &AppHandle<R>) {
    // On Linux the icon needs a library that is loaded by name, and its absence is a panic.
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let built = catch_unwind(AssertUnwindSafe(|| build(app)));
    set_hook(hook);
    match built {
        Ok(Ok(tray)) => {
            app.manage(tray);
        }
        Ok(Err(error)) => tracing::warn!(%error, "no tray icon"),
        Err(_) => tracing::info!("no tray icon: the library libayatana-appindicator3 is not installed"),
    }
}

fn build<R: Runtime>(app: &AppHandle<R>) -> tauri::Result<Tray<R>> {
    let line = |text: &str| MenuItem::new(app, text, false, None::<&str>);
    let entry = |id: &str, text: &str| MenuItem::with_id(app, id, text, true, None::<&str>);
    let (alerts, maintenance) = (line("Alerts: unknown")?, line("Maintenance: unknown")?);
    let menu = Menu::with_items(
        app,
        &[
            &alerts,
            &maintenance,
            &PredefinedMenuItem::separator(app)?,
            &entry(OPEN, "Open AetherLink")?,
            &entry(Screen::Alerts.name(), "Alerts")?,
            &entry(Screen::Maintenance.name(), "Maintenance")?,
            &PredefinedMenuItem::separator(app)?,
            &entry(QUIT, "Quit")?,
        ],
    )?;
    let icon = TrayIconBuilder::with_id("panel")
        .icon(picture(TrayStatus::Warn))
        .tooltip("AetherLink")
        .menu(&menu)
        .on_menu_event(chosen)
        .build(app)?;
    Ok(Tray { icon, alerts, maintenance })
}

fn chosen<R: Runtime>(app: &AppHandle<R>, event: MenuEvent) {
    match event.id().as_ref() {
        QUIT => app.exit(0),
        OPEN => window::focus(app),
        screen => {
            window::focus(app);
            if let Some(panel) = app.state::<PanelCell>().now() {
                panel.navigate(screen, "");
            }
        }
    }
}

impl<R: Runtime> Tray<R> {
    /// Shows a face.
    pub fn show(&self, face: &DesktopStatus) {
        for step in [
            self.icon.set_icon(Some(picture(face.mood))),
            self.icon.set_tooltip(Some(format!("AetherLink – {}", face.alerts))),
            self.alerts.set_text(&face.alerts),
            self.maintenance.set_text(&face.maintenance),
        ] {
            if let Err(error) = step {
                tracing::debug!(%error, "failed to update the tray");
            }
        }
    }
}

/// Shape and colour tell the state.
fn picture(mood: TrayStatus) -> Image<'static> {
    match mood {
        TrayStatus::Ok => tauri::include_image!("../icons/tray-ok.png"),
        TrayStatus::Warn => tauri::include_image!("../icons/tray-warn.png"),
        TrayStatus::Critical => tauri::include_image!("../icons/tray-crit.png"),
        TrayStatus::Muted => tauri::include_image!("../icons/tray-muted.png"),
    }
}
