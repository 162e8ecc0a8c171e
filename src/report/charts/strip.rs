//! Charts for one table cell: the middle half of the values, and a share as a bar.

use super::histogram::Quartiles;
use super::svg::Svg;

const WIDTH: f64 = 96.0;
const HEIGHT: f64 = 14.0;
const MARGIN: f64 = 3.0;

/// The middle half of the values as a bar and the median as a stroke across it. The rows of a table share a scale,
/// which begins at 0. The figures are in the table, so the picture has no text alternative.
pub fn strip(quartiles: Quartiles, highest: f64) -> String {
    let mut svg = Svg::decoration("strip", (WIDTH, HEIGHT));
    let x = |value: f64| {
        let across = if highest > 0.0 { (value / highest).clamp(0.0, 1.0) } else { 0.0 };
        MARGIN + across * (WIDTH - 2.0 * MARGIN)
    };
    svg.line("axis", (MARGIN, 7.0), (WIDTH - MARGIN, 7.0));
    svg.rect("bar", x(quartiles.quartile_1), 3.0, (x(quartiles.quartile_3) - x(quartiles.quartile_1)).max(1.0), 8.0);
    svg.line("median", (x(quartiles.median), 1.0), (x(quartiles.median), 13.0));
    svg.finish()
}

/// A share as a bar in a frame whose length is 1. The figure is next to it.
pub fn share_bar(share: f64) -> String {
    let mut svg = Svg::decoration("strip", (WIDTH, HEIGHT));
    svg.rect("frame", 0.5, 3.5, WIDTH - 1.0, 7.0);
    svg.rect("bar", 0.5, 3.5, share.clamp(0.0, 1.0) * (WIDTH - 1.0), 7.0);
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::{Quartiles, share_bar, strip};

    #[test]
    fn the_middle_half_is_on_the_shared_scale() {
        let quartiles = Quartiles { quartile_1: 25.0, median: 50.0, quartile_3: 75.0 };
        insta::assert_snapshot!(strip(quartiles, 100.0).replace("><", ">\n<"), @r#"
        <svg class="strip" viewBox="0 0 96 14" aria-hidden="true">
        <path class="axis" d="M3 7L93 7"/>
        <rect class="bar" x="25.5" y="3" width="45" height="8"/>
        <path class="median" d="M48 1L48 13"/>
        </svg>
        "#);
    }

    #[test]
    fn a_share_fills_its_part_and_never_more() {
        assert!(share_bar(0.5).contains("width=\"47.5\" height=\"7\""));
        assert!(share_bar(1.5).contains("class=\"bar\" x=\"0.5\" y=\"3.5\" width=\"95\""));
    }
}
