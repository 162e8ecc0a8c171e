//! Charts with axes: their size, and the coordinates of a value.

use super::svg::Svg;

/// Width of a chart with axes, in its own units.
pub const WIDTH: f64 = 480.0;
/// Height of a chart with axes, in its own units.
pub const HEIGHT: f64 = 200.0;

/// The drawing area of a chart with axes, in its own units.
pub struct Plot {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
    /// The value at the top. The bottom is 0.
    pub highest: f64,
}

impl Plot {
    /// A drawing area for counts up to `largest`. Its grid lines and their labels are drawn into `svg`.
    pub fn of_counts(svg: &mut Svg, largest: f64) -> Self {
        let step = round_step(largest);
        let highest = (largest / step).ceil().max(1.0) * step;
        let plot = Self { left: 36.0, right: 474.0, top: 10.0, bottom: 172.0, highest };
        let mut value = 0.0;
        while value <= highest {
            let y = plot.y(value);
            svg.line(if value == 0.0 { "axis" } else { "grid" }, (plot.left, y), (plot.right, y));
            svg.label("end", (plot.left - 6.0, y + 4.0), &format!("{value}"));
            value += step;
        }
        plot
    }

    pub fn y(&self, value: f64) -> f64 {
        self.bottom - (value / self.highest).clamp(0.0, 1.0) * (self.bottom - self.top)
    }

    /// Left edge and width of column `at` of `of` columns side by side.
    pub fn place(&self, at: usize, of: usize) -> (f64, f64) {
        let width = (self.right - self.left) / of.max(1) as f64;
        (self.left + at as f64 * width, width)
    }
}

/// The smallest step of 1, 2 or 5 times a power of ten that reaches the largest count in at most four steps.
fn round_step(largest: f64) -> f64 {
    let mut power = 1.0;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if largest <= 4.0 * factor * power {
                return factor * power;
            }
        }
        power *= 10.0;
        if power > 1e15 {
            return power;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::round_step;

    #[test]
    fn steps_are_round_and_few() {
        for (largest, step) in [(0.0, 1.0), (3.0, 1.0), (9.0, 5.0), (8.0, 2.0), (41.0, 20.0), (40_000.0, 10_000.0)] {
            assert_eq!(round_step(largest), step, "{largest}");
        }
        assert!(round_step(f64::INFINITY).is_finite());
    }
}
