//! The style, checked once: nothing behind this module sees a size or a colour that was not looked at.

use aether_contract::FigureStyle;
use jiff::tz::Offset;
use plotters::style::RGBColor;

use crate::{PlotError, ThresholdKind};

/// A [`FigureStyle`] that holds what it promises.
pub(crate) struct Style {
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
    pub line: RGBColor,
    pub grid: RGBColor,
    pub text: RGBColor,
    pub offset: Offset,
    warn: RGBColor,
    critical: RGBColor,
    ok: RGBColor,
}

impl Style {
    pub fn check(style: &FigureStyle) -> Result<Self, PlotError> {
        let (width, height) = (style.width, style.height);
        if !(120..=4000).contains(&width) || !(40..=2000).contains(&height) {
            return Err(PlotError::Size { width, height });
        }
        if !(-720..=840).contains(&style.utc_offset_minutes) {
            return Err(PlotError::UtcOffset(style.utc_offset_minutes));
        }
        let offset = Offset::from_seconds(style.utc_offset_minutes * 60)
            .map_err(|_| PlotError::UtcOffset(style.utc_offset_minutes))?;
        Ok(Self {
            width,
            height,
            line: colour("line", &style.line)?,
            grid: colour("grid", &style.grid)?,
            text: colour("text", &style.text)?,
            warn: colour("warn", &style.warn)?,
            critical: colour("critical", &style.critical)?,
            ok: colour("ok", &style.ok)?,
            offset,
        })
    }

    pub fn threshold(&self, kind: ThresholdKind) -> RGBColor {
        match kind {
            ThresholdKind::Warn => self.warn,
            ThresholdKind::Critical => self.critical,
            ThresholdKind::Target => self.ok,
        }
    }
}

/// Reads `#rrggbb`.
pub(crate) fn colour(field: &'static str, text: &str) -> Result<RGBColor, PlotError> {
    let wrong = PlotError::Colour { field };
    // `from_str_radix` would also take a sign.
    let Some(hex) =
        text.strip_prefix('#').filter(|h| h.len() == 6 && h.bytes().all(|b| b.is_ascii_hexdigit()))
    else {
        return Err(wrong);
    };
    let rgb = u32::from_str_radix(hex, 16).map_err(|_| wrong)?;
    let [_, r, g, b] = rgb.to_be_bytes();
    Ok(RGBColor(r, g, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_six_hex_digits_and_nothing_else() {
        assert_eq!(colour("line", "#0aF9c3").unwrap(), RGBColor(0x0a, 0xf9, 0xc3));
        for bad in [
            "", "#", "red", "#fff", "#12345", "#1234567", "#+12345", "112233", "#11223g", "#1122é", "url(#x)",
        ] {
            assert_eq!(colour("grid", bad), Err(PlotError::Colour { field: "grid" }), "{bad}");
        }
    }
}
