//! Sparklines: small charts without axes that stand next to a figure.

use super::svg::{Caption, Svg};

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 28.0;
const MARGIN: f64 = 3.0;

/// The range of values that a sparkline shows. The rows of a table share one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub lowest: f64,
    pub highest: f64,
}

impl Scale {
    /// From zero, for counts and shares.
    pub fn from_zero(values: impl Iterator<Item = f64>) -> Self {
        Self { lowest: 0.0, highest: values.filter(|value| value.is_finite()).fold(0.0, f64::max) }
    }

    /// From the lowest value to the highest.
    pub fn around(values: impl Iterator<Item = f64> + Clone) -> Self {
        let lowest = values.clone().filter(|value| value.is_finite()).fold(f64::INFINITY, f64::min);
        Self { lowest, ..Self::from_zero(values) }
    }

    /// The place of a value between the lowest, 0, and the highest, 1.
    fn up(self, value: f64) -> f64 {
        let up = (value - self.lowest) / (self.highest - self.lowest);
        if up.is_finite() { up.clamp(0.0, 1.0) } else { 0.5 }
    }
}

/// A line with its last point marked. A point is its place from left, 0, to right, 1, and its value; the line is
/// interrupted where there is none.
pub fn spark_line(caption: Caption, points: &[(f64, Option<f64>)], scale: Scale) -> String {
    let mut svg = small(caption);
    let place = |across: f64, value: f64| {
        (MARGIN + across * (WIDTH - 2.0 * MARGIN), HEIGHT - MARGIN - scale.up(value) * (HEIGHT - 2.0 * MARGIN))
    };
    let mut stretch = Vec::new();
    let mut last = None;
    for (across, value) in points {
        match value.filter(|value| value.is_finite()) {
            Some(value) => {
                stretch.push(place(*across, value));
                last = stretch.last().copied();
            }
            None => draw(&mut svg, &mut stretch),
        }
    }
    draw(&mut svg, &mut stretch);
    if let Some(last) = last {
        svg.dot("last", last, 2.5);
    }
    svg.finish()
}

/// Draws the points since the last gap and clears them. A single point is a dot.
fn draw(svg: &mut Svg, stretch: &mut Vec<(f64, f64)>) {
    match stretch.as_slice() {
        [] => {}
        [alone] => svg.dot("alone", *alone, 1.5),
        points => svg.polyline("line", points),
    }
    stretch.clear();
}

/// Columns for counts, with the last one marked.
pub fn spark_columns(caption: Caption, values: &[f64], scale: Scale) -> String {
    let mut svg = small(caption);
    let width = (WIDTH - 2.0 * MARGIN) / values.len().max(1) as f64;
    let gap = (width * 0.2).min(2.0);
    let ground = HEIGHT - MARGIN;
    svg.line("axis", (MARGIN, ground), (WIDTH - MARGIN, ground));
    let column = |(at, value): (usize, &f64)| {
        let height = scale.up(*value) * (HEIGHT - 2.0 * MARGIN);
        (*value > 0.0).then_some((MARGIN + at as f64 * width + gap / 2.0, height))
    };
    let columns: Vec<Option<(f64, f64)>> = values.iter().enumerate().map(column).collect();
    let (others, last) = columns.split_at(columns.len().saturating_sub(1));
    for (class, columns) in [("bar", others), ("last", last)] {
        svg.columns(class, ground, width - gap, &columns.iter().copied().flatten().collect::<Vec<_>>());
    }
    svg.finish()
}

fn small(caption: Caption) -> Svg {
    Svg::new("spark", (WIDTH, HEIGHT), caption)
}

#[cfg(test)]
mod tests {
    use super::{Caption, Scale, spark_columns, spark_line};

    const CAPTION: Caption = Caption { title: "Completed by week", description: "1 to 3, last 3" };

    #[test]
    fn a_line_breaks_where_there_is_nothing_and_a_point_alone_is_a_dot() {
        let points = [(0.0, Some(1.0)), (0.2, Some(3.0)), (0.4, None), (0.6, Some(2.0)), (0.8, None), (1.0, Some(3.0))];
        let scale = Scale::around(points.iter().filter_map(|(_, value)| *value));
        insta::assert_snapshot!(spark_line(CAPTION, &points, scale).replace("><", ">\n<"), @r#"
            <svg class="spark" viewBox="0 0 120 28" role="img">
            <title>Completed by week</title>
            <desc>1 to 3, last 3</desc>
            <path class="line" d="M3 25L25.8 3"/>
            <circle class="alone" cx="71.4" cy="14" r="1.5"/>
            <circle class="alone" cx="117" cy="3" r="1.5"/>
            <circle class="last" cx="117" cy="3" r="2.5"/>
            </svg>
            "#);
    }

    #[test]
    fn columns_are_on_the_shared_scale() {
        let scale = Scale::from_zero([20.0, 5.0].into_iter());
        insta::assert_snapshot!(spark_columns(CAPTION, &[0.0, 5.0, 10.0], scale).replace("><", ">\n<"), @r#"
        <svg class="spark" viewBox="0 0 120 28" role="img">
        <title>Completed by week</title>
        <desc>1 to 3, last 3</desc>
        <path class="axis" d="M3 25L117 25"/>
        <path class="bar" d="M42 25v-5.5h36v5.5z"/>
        <path class="last" d="M80 25v-11h36v11z"/>
        </svg>
        "#);
    }

    #[test]
    fn nothing_and_sameness_are_drawn_too() {
        for values in [&[][..], &[0.0], &[2.0, 2.0], &[f64::NAN, f64::INFINITY]] {
            let points: Vec<(f64, Option<f64>)> = values.iter().map(|value| (0.5, Some(*value))).collect();
            for scale in [Scale::from_zero(values.iter().copied()), Scale::around(values.iter().copied())] {
                for chart in [spark_line(CAPTION, &points, scale), spark_columns(CAPTION, values, scale)] {
                    assert!(chart.starts_with("<svg ") && chart.ends_with("</svg>"));
                    assert!(!chart.contains("NaN") && !chart.contains("inf"), "{chart}");
                }
            }
        }
    }
}
