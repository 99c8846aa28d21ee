//! Takes the Panel's events to the window and keeps title and tray true. The Panel has coalesced them already.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aether_contract::{Empty, PanelEvent, Timestamp};
use aether_panel::Panel;
use tauri::{AppHandle, Emitter, EventTarget, Manager, Runtime};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{
    desktop_status::{DesktopStatus, Known},
    notices,
    tray::Tray,
    window::MAIN,
};

/// The event that the UI listens to.
pub const PANEL_EVENT: &str = "panel-event";

/// Forwards events until the Panel ends.
pub async fn forward<R: Runtime>(app: AppHandle<R>, panel: Arc<Panel>) {
    let mut events = panel.events();
    let mut known: Option<Known> = None;
    let mut shown: Option<DesktopStatus> = None;
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        if known.is_none() {
            known = Box::pin(panel.snapshot(Empty {})).await.ok().map(Known::new);
        }
        if let Some(face) = known.as_ref().map(|known| known.face(now()))
            && shown.as_ref() != Some(&face)
        {
            show(&app, &face);
            shown = Some(face);
        }
        tokio::select! {
            event = next(&mut events) => match event {
                Next::Event(event) => {
                    if let PanelEvent::Notice(notice) = event.as_ref() {
                        notices::show(&app, notice.clone());
                    }
                    if let Err(error) = app.emit_to(EventTarget::webview_window(MAIN), PANEL_EVENT, &event) {
                        tracing::warn!(%error, "failed to send an event to the window");
                    }
                    if known.as_mut().is_some_and(|known| !known.apply(*event)) {
                        known = None;
                    }
                }
                Next::Missed => known = None,
                Next::Over => return,
            },
            _ = tick.tick() => {}
        }
    }
}

enum Next {
    Event(Box<PanelEvent>),
    Missed,
    Over,
}

async fn next(events: &mut Receiver<PanelEvent>) -> Next {
    match events.recv().await {
        Ok(event) => Next::Event(Box::new(event)),
        // The window notices by the next delta's base and asks for the whole snapshot.
        Err(RecvError::Lagged(_)) => Next::Missed,
        Err(RecvError::Closed) => Next::Over,
    }
}

fn show<R: Runtime>(app: &AppHandle<R>, face: &DesktopStatus) {
    if let Some(window) = app.get_webview_window(MAIN)
        && let Err(error) = window.set_title(&face.title)
    {
        tracing::debug!(%error, "failed to set the title");
    }
    if let Some(tray) = app.try_state::<Tray<R>>() {
        tray.show(face);
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
