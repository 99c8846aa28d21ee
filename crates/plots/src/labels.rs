//! Where the labels of horizontal lines go: beside their line, at the end where the curve is least in the
//! way. A label that would cover another label is left out rather than made unreadable.

use crate::canvas::Align;
use crate::text;

/// Half the height that a label needs, in pixels.
const HALF: f64 = 7.0;
/// Distance between a line and the middle of its label.
const BESIDE: f64 = 8.0;
/// Distance between a label and the edge of the plot.
const INSET: f64 = 4.0;

/// Where a label is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Placed {
    pub x: f64,
    pub y: f64,
    pub align: Align,
}

/// A part of the figure, in pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Space {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Space {
    /// What a text takes whose middle is at `x` and `y`.
    pub(crate) fn around(x: f64, y: f64, width: f64) -> Self {
        let half = width / 2.0;
        Self { left: x - half, right: x + half, top: y - HALF, bottom: y + HALF }
    }

    fn overlaps(self, other: Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// How many pixels of a curve lie in it, measured along the time axis.
    fn covered_by(self, curve: &[(f64, f64)]) -> f64 {
        let start = curve.partition_point(|p| p.0 < self.left).saturating_sub(1);
        let part = curve.get(start..).unwrap_or_default();
        let pairs = part.iter().zip(part.iter().skip(1)).take_while(|(a, _)| a.0 < self.right);
        pairs
            .map(|(a, b)| {
                let (from, to) = (a.0.max(self.left), b.0.min(self.right));
                let at = |x: f64| if b.0 > a.0 { a.1 + (b.1 - a.1) * (x - a.0) / (b.0 - a.0) } else { a.1 };
                let (y1, y2) = (at(from), at(to));
                let apart = y1.max(y2) < self.top || y1.min(y2) > self.bottom || from > to;
                if apart { 0.0 } else { (to - from).max(0.5) }
            })
            .sum()
    }
}

/// Places the labels in `wanted` (height of the line, text; an empty text or a height that is not finite
/// needs no place) within `plot` (left, top, right, bottom), around `curves` with points from left to right and
/// beside what is `written` already.
pub(crate) fn place(
    wanted: &[(f64, String)],
    curves: &[Vec<(f64, f64)>],
    plot: (f64, f64, f64, f64),
    written: Option<Space>,
) -> Vec<Option<Placed>> {
    let mut taken: Vec<Space> = written.into_iter().collect();
    wanted
        .iter()
        .enumerate()
        .map(|(index, (line, label))| {
            if label.is_empty() || !line.is_finite() {
                return None;
            }
            let spots = candidates(*line, text::width(label), plot);
            let free = spots.into_iter().filter(|(space, _)| {
                // The label may use the margin above the plot, but not the time labels below it.
                space.top >= plot.1 - 10.0
                    && space.bottom <= plot.3 + 1.0
                    && !taken.iter().any(|t| t.overlaps(*space))
            });
            let cost = |space: &Space| {
                let curve: f64 = curves.iter().map(|c| space.covered_by(c)).sum();
                let other =
                    |(i, (y, _)): (usize, &(f64, String))| i != index && *y > space.top && *y < space.bottom;
                curve + if wanted.iter().enumerate().any(other) { 40.0 } else { 0.0 }
            };
            let (space, placed) = free.map(|s| (cost(&s.0), s)).min_by(|a, b| a.0.total_cmp(&b.0))?.1;
            taken.push(space);
            Some(placed)
        })
        .collect()
}

/// Right above, right below, left above, left below: the first of equals wins.
fn candidates(line: f64, width: f64, plot: (f64, f64, f64, f64)) -> [(Space, Placed); 4] {
    let (left, _, right, _) = plot;
    let at = |align: Align, y: f64| {
        let x = if align == Align::Left { left + INSET } else { right - INSET };
        let (from, to) = if align == Align::Left { (x, x + width) } else { (x - width, x) };
        (Space { left: from, right: to, top: y - HALF, bottom: y + HALF }, Placed { x, y, align })
    };
    [
        at(Align::Right, line - BESIDE),
        at(Align::Right, line + BESIDE),
        at(Align::Left, line - BESIDE),
        at(Align::Left, line + BESIDE),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOT: (f64, f64, f64, f64) = (40.0, 10.0, 640.0, 210.0);

    fn placed(lines: &[f64], curve: &[(f64, f64)]) -> Vec<Option<(Align, f64)>> {
        let wanted: Vec<_> = lines.iter().map(|y| (*y, "target 80".to_owned())).collect();
        place(&wanted, &[curve.to_vec()], PLOT, None).into_iter().map(|p| p.map(|p| (p.align, p.y))).collect()
    }

    #[test]
    fn a_label_makes_way_for_the_curve() {
        assert_eq!(placed(&[100.0], &[]), [Some((Align::Right, 92.0))]);
        assert_eq!(placed(&[100.0], &[(40.0, 92.0), (640.0, 92.0)]), [Some((Align::Right, 108.0))]);
        assert_eq!(
            placed(&[100.0], &[(300.0, 50.0), (580.0, 50.0), (640.0, 150.0)]),
            [Some((Align::Left, 92.0))]
        );
    }

    #[test]
    fn a_label_stays_in_the_figure_and_off_the_time_labels() {
        assert_eq!(placed(&[210.0], &[(40.0, 202.0), (640.0, 202.0)]), [Some((Align::Right, 202.0))]);
        assert_eq!(placed(&[10.0], &[]), [Some((Align::Right, 18.0))]);
    }

    #[test]
    fn a_label_never_covers_what_is_written_already() {
        let wanted = [(100.0, "target 80".to_owned())];
        let spot = |written| place(&wanted, &[], PLOT, written)[0].map(|p| (p.align, p.y));
        assert_eq!(spot(Some(Space::around(340.0, 92.0, 60.0))), Some((Align::Right, 92.0)));
        assert_eq!(spot(Some(Space::around(600.0, 92.0, 60.0))), Some((Align::Right, 108.0)));
        assert_eq!(spot(Some(Space::around(340.0, 100.0, 600.0))), None);
    }

    #[test]
    fn labels_never_cover_each_other() {
        let spots = placed(&[100.0, 101.0, 102.0, 103.0, 104.0, 105.0, f64::NAN], &[]);
        assert_eq!(spots[6], None);
        let used: Vec<_> = spots.iter().flatten().collect();
        assert_eq!(used.len(), 4, "four spots around one height, the rest is left out: {spots:?}");
        for (i, a) in used.iter().enumerate() {
            assert!(used[..i].iter().all(|b| a.0 != b.0 || (a.1 - b.1).abs() >= 2.0 * HALF), "{spots:?}");
        }
    }
}
