//! A figure as a picture, for what can't show an SVG. Drawn by resvg, with the font that comes with this
//! crate: the same picture on every machine.

use std::sync::{Arc, LazyLock};

use aether_contract::Figure;
use resvg::{tiny_skia, usvg};

use crate::{PlotError, style::colour};

/// Most pixels of a picture.
const MAX_PIXELS: u64 = 64_000_000;
const FAMILY: &str = "DejaVu Sans";

static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(include_bytes!("../fonts/DejaVuSans-subset.ttf").to_vec());
    // A figure says "the page's own font"; here is no page.
    fonts.set_serif_family(FAMILY);
    fonts.set_sans_serif_family(FAMILY);
    Arc::new(fonts)
});

/// Draws `figure` on `paper` (`#rrggbb`), `scale` pixels a CSS pixel.
///
/// # Errors
/// [`PlotError::Colour`], [`PlotError::Size`] for a picture that is too large, [`PlotError::Backend`].
pub fn png(figure: &Figure, paper: &str, scale: f32) -> Result<Vec<u8>, PlotError> {
    let paper = colour("paper", paper)?;
    let size = PlotError::Size { width: figure.width, height: figure.height };
    let pixels = |length: u32| (f64::from(length) * f64::from(scale)).ceil();
    let (width, height) = (pixels(figure.width), pixels(figure.height));
    if !(width >= 1.0 && height >= 1.0 && width * height <= MAX_PIXELS as f64) {
        return Err(size);
    }
    let options = usvg::Options {
        font_family: FAMILY.to_owned(),
        fontdb: Arc::clone(&FONTS),
        ..usvg::Options::default()
    };
    let tree =
        usvg::Tree::from_str(&figure.svg, &options).map_err(|error| PlotError::Backend(error.to_string()))?;
    let mut picture = tiny_skia::Pixmap::new(width as u32, height as u32).ok_or(size)?;
    picture.fill(tiny_skia::Color::from_rgba8(paper.0, paper.1, paper.2, 255));
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut picture.as_mut());
    picture.encode_png().map_err(|error| PlotError::Backend(error.to_string()))
}
