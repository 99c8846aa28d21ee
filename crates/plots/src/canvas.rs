//! Layers of plotters' SVG, put together to one `<svg>` element.
//!
//! plotters draws on whole units, so a figure is drawn [`UNITS`] times as large and scaled down by its
//! `viewBox`. What plotters has no word for (dashes, round joints, the page's font) is said once on the
//! `<g>` around a layer; no `style` attribute, script or reference is ever written, so the strictest
//! content security policy leaves the figure as it is.

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, RGBColor, ShapeStyle, TextStyle};

use crate::PlotError;
use crate::text::FONT_PX;

/// Drawing units a CSS pixel.
pub(crate) const UNITS: i32 = 4;

pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(crate) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// A figure that is being drawn, lowest layer first.
pub(crate) struct Canvas {
    width: u32,
    height: u32,
    body: String,
}

impl Canvas {
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, body: String::new() }
    }

    /// Draws one layer; `attributes` are literals of this crate and hold for all of it.
    pub fn layer(
        &mut self,
        attributes: &'static str,
        draw: impl FnOnce(&Area<'_>) -> Drawn,
    ) -> Result<(), PlotError> {
        let units = UNITS.unsigned_abs();
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, (self.width * units, self.height * units))
                .into_drawing_area();
            draw(&area).and_then(|()| area.present()).map_err(|e| PlotError::Backend(e.to_string()))?;
        }
        let inner = svg
            .split_once(">\n")
            .and_then(|(_, rest)| rest.trim_end().strip_suffix("</svg>"))
            .ok_or_else(|| PlotError::Backend("unexpected SVG structure from plotters".to_owned()))?;
        if !inner.is_empty() {
            self.body.push_str("<g");
            self.body.push_str(attributes);
            self.body.push_str(">\n");
            self.body.push_str(inner);
            self.body.push_str("</g>\n");
        }
        Ok(())
    }

    /// The whole element, described to a screen reader by `label`.
    pub fn finish(self, label: &str) -> String {
        let Self { width, height, body } = self;
        let units = UNITS.unsigned_abs();
        let (w, h) = (width * units, height * units);
        let label = escaped(label);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {w} {h}\" \
             role=\"img\" aria-label=\"{label}\">\n{body}</svg>"
        )
    }
}

/// CSS pixels to drawing units.
pub(crate) fn units(pixels: f64) -> i32 {
    (pixels * f64::from(UNITS)).round() as i32
}

/// A stroke `width` CSS pixels wide.
pub(crate) fn stroke(colour: RGBColor, opacity: f64, width: f64) -> ShapeStyle {
    ShapeStyle { color: colour.mix(opacity), filled: false, stroke_width: units(width).unsigned_abs() }
}

/// Which point of a text is at its position; vertically it is always the middle of a digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Middle,
    Right,
}

/// Writes `text` at a point in CSS pixels.
pub(crate) fn write(area: &Area<'_>, text: &str, colour: RGBColor, align: Align, x: f64, y: f64) -> Drawn {
    let h = match align {
        Align::Left => HPos::Left,
        Align::Middle => HPos::Center,
        Align::Right => HPos::Right,
    };
    // The backend divides by 1.24 and knows no font by name: "inherit" is CSS for the page's own.
    let size = FONT_PX * f64::from(UNITS) * 1.24;
    let font = FontDesc::new(FontFamily::Name("inherit"), size, FontStyle::Normal);
    let style = TextStyle::from(font).color(&colour).pos(Pos::new(h, VPos::Center));
    // It centres on the middle of an "x"; digits and capitals are 0.09 em higher.
    area.draw_text(text, &style, (units(x), units(y + FONT_PX * 0.09)))
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}
