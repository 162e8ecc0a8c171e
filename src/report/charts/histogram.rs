//! A histogram with its quartiles marked.

use super::plot::{HEIGHT, Plot, WIDTH};
use super::svg::{Caption, Svg};

/// A bin of a histogram: the number of values in `[from, until)`.
#[derive(Debug, Clone)]
pub struct Bar {
    pub from: f64,
    pub until: f64,
    pub count: f64,
}

/// Median and quartiles of a distribution.
#[derive(Debug, Clone, Copy)]
pub struct Quartiles {
    pub quartile_1: f64,
    pub median: f64,
    pub quartile_3: f64,
}

/// Width of a label below the axis, in the picture's own units.
const LABEL_WIDTH: f64 = 60.0;
/// Width of a count above a bar, in the picture's own units.
const COUNT_WIDTH: f64 = 32.0;

/// Draws a histogram of adjacent bins. The area of a bar is its count, since bins may differ in width. `label` formats
/// the edge of a bin.
pub fn histogram(
    caption: Caption,
    bars: &[Bar],
    quartiles: Option<Quartiles>,
    label: impl Fn(f64) -> String,
) -> String {
    let mut svg = Svg::new("chart", (WIDTH, HEIGHT), caption);
    let density = |bar: &Bar| if bar.until > bar.from { bar.count / (bar.until - bar.from) } else { 0.0 };
    let plot = Plot { left: 8.0, right: 472.0, top: 24.0, bottom: 168.0, highest: positive(bars.iter().map(density)) };
    svg.line("axis", (plot.left, plot.bottom), (plot.right, plot.bottom));
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return svg.finish() };
    let span = if last.until > first.from { last.until - first.from } else { 1.0 };
    let x = |value: f64| plot.left + ((value - first.from) / span).clamp(0.0, 1.0) * (plot.right - plot.left);
    let mut free = f64::NEG_INFINITY;
    for bar in bars {
        let (left, right, top) = (x(bar.from), x(bar.until), plot.y(density(bar)));
        if bar.count > 0.0 {
            svg.rect("bar", left + 0.5, top, (right - left - 1.0).max(0.5), plot.bottom - top);
            if right - left >= COUNT_WIDTH {
                svg.label("middle", (f64::midpoint(left, right), top - 5.0), &format!("{}", bar.count));
            }
        }
        // A label at either end of the axis lies within it; all others have the edge in their middle.
        if left >= free && left + 1.5 * LABEL_WIDTH <= x(last.until) {
            let is_first = left < 20.0;
            edge(&mut svg, if is_first { "start" } else { "middle" }, left, &label(bar.from));
            free = left + if is_first { 1.5 * LABEL_WIDTH } else { LABEL_WIDTH };
        }
    }
    edge(&mut svg, "end", x(last.until), &label(last.until));
    if let Some(quartiles) = quartiles {
        svg.line(
            "quartiles",
            (x(quartiles.quartile_1), plot.bottom + 4.0),
            (x(quartiles.quartile_3), plot.bottom + 4.0),
        );
        let holds = |bar: &&Bar| bar.from <= quartiles.median && quartiles.median < bar.until;
        let top = plot.y(bars.iter().find(holds).map_or(0.0, density));
        svg.line("median", (x(quartiles.median), top), (x(quartiles.median), plot.bottom + 8.0));
    }
    svg.finish()
}

fn edge(svg: &mut Svg, anchor: &str, x: f64, label: &str) {
    svg.label(anchor, (x, HEIGHT - 6.0), label);
}

/// The largest value, or 1 if none is above 0, so that it can be a divisor.
fn positive(values: impl Iterator<Item = f64>) -> f64 {
    let largest = values.fold(0.0, f64::max);
    if largest > 0.0 { largest } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::{Bar, Caption, Quartiles, histogram};

    const CAPTION: Caption = Caption { title: "Duration", description: "minutes" };
    const QUARTILES: Quartiles = Quartiles { quartile_1: 60.0, median: 120.0, quartile_3: 180.0 };

    #[test]
    fn areas_are_counts_and_the_median_is_where_it_belongs() {
        let bars = [
            Bar { from: 0.0, until: 60.0, count: 10.0 },
            Bar { from: 60.0, until: 180.0, count: 10.0 },
            Bar { from: 180.0, until: 240.0, count: 0.0 },
        ];
        let chart = histogram(CAPTION, &bars, Some(QUARTILES), |edge| format!("{}:00", edge / 60.0));
        insta::assert_snapshot!(chart.replace("><", ">\n<"), @r#"
        <svg class="chart" viewBox="0 0 480 200" role="img">
        <title>Duration</title>
        <desc>minutes</desc>
        <path class="axis" d="M8 168L472 168"/>
        <rect class="bar" x="8.5" y="24" width="115" height="144"/>
        <text text-anchor="middle" x="66" y="19">10</text>
        <text text-anchor="start" x="8" y="194">0:00</text>
        <rect class="bar" x="124.5" y="96" width="231" height="72"/>
        <text text-anchor="middle" x="240" y="91">10</text>
        <text text-anchor="middle" x="124" y="194">1:00</text>
        <text text-anchor="middle" x="356" y="194">3:00</text>
        <text text-anchor="end" x="472" y="194">4:00</text>
        <path class="quartiles" d="M124 172L356 172"/>
        <path class="median" d="M240 96L240 176"/>
        </svg>
        "#);
    }

    #[test]
    fn nothing_and_one_value_are_drawn_too() {
        for bars in
            [&[][..], &[Bar { from: 5.0, until: 5.0, count: 7.0 }], &[Bar { from: 0.0, until: 1.0, count: 0.0 }]]
        {
            let chart = histogram(CAPTION, bars, Some(QUARTILES), |edge| edge.to_string());
            assert!(!chart.contains("NaN") && !chart.contains("inf"), "{chart}");
        }
    }
}
