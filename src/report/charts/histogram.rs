//! How a figure is spread: a histogram with its quartiles marked below.

use super::svg::Svg;
use super::{HEIGHT, Plot, WIDTH, Words};

/// Values from `from` up to, and without, `to`.
#[derive(Debug, Clone)]
pub struct Bin {
    pub from: f64,
    pub to: f64,
    /// `None` where the count is not shown.
    pub count: Option<f64>,
}

/// Median and quartiles.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    pub quartile_1: f64,
    pub median: f64,
    pub quartile_3: f64,
}

/// Labels below an axis before they would touch.
const MOST_LABELS: usize = 6;

/// `label` writes an edge of a bin. Bins must follow one another and be of one width.
pub fn histogram(words: Words, bins: &[Bin], mark: Option<Mark>, label: impl Fn(f64) -> String) -> String {
    let mut svg = Svg::new("chart", WIDTH, HEIGHT, words.title, words.description);
    let plot = Plot::of_counts(&mut svg, bins.iter().filter_map(|bin| bin.count).fold(0.0, f64::max));
    let every = (bins.len() + 1).div_ceil(MOST_LABELS).max(1);
    for (at, bin) in bins.iter().enumerate() {
        let (x, width) = plot.place(at, bins.len());
        match bin.count {
            Some(count) if count > 0.0 => {
                let y = plot.y(count);
                svg.rect("bar", x + 0.5, y, width - 1.0, plot.bottom - y);
            }
            Some(_) => {}
            None => svg.line("few", (x + 2.0, plot.bottom - 3.0), (x + width - 2.0, plot.bottom - 3.0)),
        }
        if at.is_multiple_of(every) {
            svg.label("middle", (x, f64::from(HEIGHT) - 4.0), &label(bin.from));
        }
    }
    if let (Some(mark), Some(first), Some(last)) = (mark, bins.first(), bins.last()) {
        let x = |value: f64| {
            let across = ((value - first.from) / (last.to - first.from)).clamp(0.0, 1.0);
            plot.left + across * (plot.right - plot.left)
        };
        svg.line("quartiles", (x(mark.quartile_1), plot.bottom + 5.0), (x(mark.quartile_3), plot.bottom + 5.0));
        svg.line("median", (x(mark.median), plot.top), (x(mark.median), plot.bottom + 9.0));
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::{Bin, Mark, histogram};
    use crate::report::charts::Words;

    const WORDS: Words = Words { title: "Duration", description: "minutes" };

    #[test]
    fn bins_touch_and_the_median_is_where_it_belongs() {
        let bins: Vec<Bin> = [Some(4.0), None, Some(0.0), Some(1.0)]
            .into_iter()
            .enumerate()
            .map(|(at, count)| Bin { from: at as f64 * 60.0, to: at as f64 * 60.0 + 60.0, count })
            .collect();
        let mark = Mark { quartile_1: 60.0, median: 120.0, quartile_3: 180.0 };
        insta::assert_snapshot!(
            histogram(WORDS, &bins, Some(mark), |edge| format!("{}:00", edge / 60.0)).replace("><", ">\n<"), @r#"
            <svg class="chart" viewBox="0 0 480 200" role="img">
            <title>Duration</title>
            <desc>minutes</desc>
            <path class="axis" d="M36 172L474 172"/>
            <text text-anchor="end" x="30" y="176">0</text>
            <path class="grid" d="M36 131.5L474 131.5"/>
            <text text-anchor="end" x="30" y="135.5">1</text>
            <path class="grid" d="M36 91L474 91"/>
            <text text-anchor="end" x="30" y="95">2</text>
            <path class="grid" d="M36 50.5L474 50.5"/>
            <text text-anchor="end" x="30" y="54.5">3</text>
            <path class="grid" d="M36 10L474 10"/>
            <text text-anchor="end" x="30" y="14">4</text>
            <rect class="bar" x="36.5" y="10" width="108.5" height="162"/>
            <text text-anchor="middle" x="36" y="196">0:00</text>
            <path class="few" d="M147.5 169L253 169"/>
            <text text-anchor="middle" x="145.5" y="196">1:00</text>
            <text text-anchor="middle" x="255" y="196">2:00</text>
            <rect class="bar" x="365" y="131.5" width="108.5" height="40.5"/>
            <text text-anchor="middle" x="364.5" y="196">3:00</text>
            <path class="quartiles" d="M145.5 177L364.5 177"/>
            <path class="median" d="M255 10L255 181"/>
            </svg>
            "#);
    }

    #[test]
    fn without_bins_there_are_the_axes_alone() {
        let mark = Mark { quartile_1: 0.0, median: 0.0, quartile_3: 0.0 };
        let chart = histogram(WORDS, &[], Some(mark), |edge| edge.to_string());
        assert!(!chart.contains("median") && !chart.contains("NaN"), "{chart}");
    }
}
