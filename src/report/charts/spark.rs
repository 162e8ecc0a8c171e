//! Sparklines: small charts without axes that stand next to a figure.

use super::svg::{Caption, Svg};

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 28.0;
const MARGIN: f64 = 3.0;

/// A line scaled from the lowest value to the highest, with its last point marked. The line is interrupted where a
/// value is missing.
pub fn spark_line(caption: Caption, values: &[Option<f64>]) -> String {
    let mut svg = small(caption);
    let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
    let (lowest, highest) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let point = |at: usize, value: f64| {
        let across = if values.len() > 1 { at as f64 / (values.len() - 1) as f64 } else { 0.5 };
        let up = if highest > lowest { (value - lowest) / (highest - lowest) } else { 0.5 };
        (MARGIN + across * (WIDTH - 2.0 * MARGIN), HEIGHT - MARGIN - up * (HEIGHT - 2.0 * MARGIN))
    };
    let mut stretch = Vec::new();
    let mut last = None;
    for (at, value) in values.iter().enumerate() {
        match value.filter(|value| value.is_finite()) {
            Some(value) => {
                stretch.push(point(at, value));
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

/// Columns from zero for counts, with the last one marked. A count that is not shown is a short dash at the bottom.
pub fn spark_columns(caption: Caption, values: &[Option<f64>]) -> String {
    let mut svg = small(caption);
    let highest = values.iter().flatten().copied().fold(0.0, f64::max);
    let width = (WIDTH - 2.0 * MARGIN) / values.len().max(1) as f64;
    let gap = (width * 0.2).min(2.0);
    let ground = HEIGHT - MARGIN;
    svg.line("axis", (MARGIN, ground), (WIDTH - MARGIN, ground));
    for (at, value) in values.iter().enumerate() {
        let x = MARGIN + at as f64 * width;
        match value {
            Some(value) if *value > 0.0 => {
                let height = value / highest * (HEIGHT - 2.0 * MARGIN);
                let class = if at + 1 == values.len() { "last" } else { "bar" };
                svg.rect(class, x + gap / 2.0, ground - height, width - gap, height);
            }
            Some(_) => {}
            None => svg.line("few", (x + gap, ground - 2.0), (x + width - gap, ground - 2.0)),
        }
    }
    svg.finish()
}

fn small(caption: Caption) -> Svg {
    Svg::new("spark", (WIDTH, HEIGHT), caption)
}

#[cfg(test)]
mod tests {
    use super::{Caption, spark_columns, spark_line};

    const CAPTION: Caption = Caption { title: "Completed by week", description: "1 to 3, last 3" };

    #[test]
    fn a_line_breaks_where_nothing_is_known_and_a_point_alone_is_a_dot() {
        insta::assert_snapshot!(
            spark_line(CAPTION, &[Some(1.0), Some(3.0), None, Some(2.0), None, Some(3.0)]).replace("><", ">\n<"), @r#"
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
    fn columns_start_at_zero_and_hidden_counts_are_dashes() {
        insta::assert_snapshot!(spark_columns(CAPTION, &[Some(0.0), None, Some(10.0)]).replace("><", ">\n<"), @r#"
        <svg class="spark" viewBox="0 0 120 28" role="img">
        <title>Completed by week</title>
        <desc>1 to 3, last 3</desc>
        <path class="axis" d="M3 25L117 25"/>
        <path class="few" d="M43 23L77 23"/>
        <rect class="last" x="80" y="3" width="36" height="22"/>
        </svg>
        "#);
    }

    #[test]
    fn nothing_and_sameness_are_drawn_too() {
        for values in [&[][..], &[None], &[Some(0.0)], &[Some(2.0), Some(2.0)], &[Some(f64::NAN), Some(f64::INFINITY)]]
        {
            for chart in [spark_line(CAPTION, values), spark_columns(CAPTION, values)] {
                assert!(chart.starts_with("<svg ") && chart.ends_with("</svg>"));
                assert!(!chart.contains("NaN") && !chart.contains("inf"), "{chart}");
            }
        }
    }
}
