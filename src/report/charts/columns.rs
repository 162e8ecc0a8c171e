//! Stacked columns of two counts each: volume by week.

use super::plot::{HEIGHT, Plot, WIDTH};
use super::svg::{Caption, Svg};

/// One column of the chart.
#[derive(Debug, Clone)]
pub struct StackedColumn {
    /// Label below the column.
    pub label: String,
    /// Height of the lower, filled part.
    pub lower: f64,
    /// Height of the upper, outlined part.
    pub upper: f64,
}

/// Number of labels below the axis that fit without touching.
const MOST_LABELS: usize = 6;

pub fn columns(caption: Caption, columns: &[StackedColumn]) -> String {
    let mut svg = Svg::new("chart", (WIDTH, HEIGHT), caption);
    let total = |column: &StackedColumn| column.lower + column.upper;
    let plot = Plot::of_counts(&mut svg, columns.iter().map(total).fold(0.0, f64::max));
    let every = columns.len().div_ceil(MOST_LABELS).max(1);
    for (at, column) in columns.iter().enumerate() {
        let (left, width) = plot.place(at, columns.len());
        let (x, width) = (left + width * 0.12, width * 0.76);
        let middle = x + width / 2.0;
        let lower = plot.y(column.lower);
        if column.lower > 0.0 {
            svg.rect("bar", x, lower, width, plot.bottom - lower);
        }
        if column.upper > 0.0 {
            let upper = plot.y(total(column));
            svg.rect("hollow", x + 0.5, upper, width - 1.0, lower - upper);
        }
        // Labels are counted from the last column, which matters most to readers.
        if (columns.len() - 1 - at).is_multiple_of(every) {
            svg.label("middle", (middle, HEIGHT - 10.0), &column.label);
        }
    }
    svg.finish()
}

#[cfg(test)]
mod tests {
    use super::{Caption, StackedColumn, columns};

    const CAPTION: Caption = Caption { title: "Volume", description: "by week" };

    fn weeks(count: usize) -> Vec<StackedColumn> {
        (0..count).map(|at| StackedColumn { label: format!("W{at}"), lower: at as f64, upper: 1.0 }).collect()
    }

    #[test]
    fn parts_stand_on_each_other() {
        insta::assert_snapshot!(columns(CAPTION, &weeks(2)).replace("><", ">\n<"), @r#"
        <svg class="chart" viewBox="0 0 480 200" role="img">
        <title>Volume</title>
        <desc>by week</desc>
        <path class="axis" d="M36 172L474 172"/>
        <text text-anchor="end" x="30" y="176">0</text>
        <path class="grid" d="M36 91L474 91"/>
        <text text-anchor="end" x="30" y="95">1</text>
        <path class="grid" d="M36 10L474 10"/>
        <text text-anchor="end" x="30" y="14">2</text>
        <rect class="hollow" x="62.8" y="91" width="165.4" height="81"/>
        <text text-anchor="middle" x="145.5" y="190">W0</text>
        <rect class="bar" x="281.3" y="91" width="166.4" height="81"/>
        <rect class="hollow" x="281.8" y="10" width="165.4" height="81"/>
        <text text-anchor="middle" x="364.5" y="190">W1</text>
        </svg>
        "#);
    }

    #[test]
    fn labels_never_crowd() {
        for count in [0, 1, 7, 13, 53, 400] {
            let chart = columns(CAPTION, &weeks(count));
            let labels = chart.matches(">W").count();
            assert!(labels <= 6 && (count == 0 || labels > 0), "{count}: {labels}");
        }
    }
}
