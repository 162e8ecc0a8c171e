//! The few shapes that charts are made of. The page's style sheet sets colours and lines by class.

use std::fmt::{Display, Write};

use super::text::escaped;

/// The text alternative of a chart.
#[derive(Debug, Clone, Copy)]
pub struct Caption<'a> {
    /// Subject of the chart.
    pub title: &'a str,
    /// Description of what the chart shows: the range, the last value, or where most values are.
    pub description: &'a str,
}

/// A picture that is being drawn.
pub struct Svg {
    markup: String,
}

impl Svg {
    /// A picture of this size in its own units, with the caption as its title and description.
    pub fn new(class: &str, (width, height): (f64, f64), caption: Caption) -> Self {
        let mut markup = format!("<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\">");
        for (element, text) in [("title", caption.title), ("desc", caption.description)] {
            if !text.is_empty() {
                markup.push_str(&format!("<{element}>{}</{element}>", escaped(text)));
            }
        }
        Self { markup }
    }

    /// A picture that repeats the content next to it, so that screen readers skip it.
    pub fn decoration(class: &str, (width, height): (f64, f64)) -> Self {
        Self { markup: format!("<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\">") }
    }

    pub fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        let (x, y, width, height) = (Coordinate(x), Coordinate(y), Coordinate(width), Coordinate(height));
        self.push(format_args!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"));
    }

    /// Columns on the same ground, each with its left edge and height. They are one shape, which takes a third of the
    /// bytes of as many rectangles.
    pub fn columns(&mut self, class: &str, ground: f64, width: f64, columns: &[(f64, f64)]) {
        if columns.is_empty() {
            return;
        }
        self.push(format_args!("<path class=\"{class}\" d=\""));
        let (ground, width) = (Coordinate(ground), Coordinate(width));
        for (x, height) in columns {
            let (x, height) = (Coordinate(*x), Coordinate(*height));
            self.push(format_args!("M{x} {ground}v-{height}h{width}v{height}z"));
        }
        self.markup.push_str("\"/>");
    }

    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (Coordinate(from.0), Coordinate(from.1), Coordinate(to.0), Coordinate(to.1));
        self.push(format_args!("<path class=\"{class}\" d=\"M{x1} {y1}L{x2} {y2}\"/>"));
    }

    /// A line through these points.
    pub fn polyline(&mut self, class: &str, points: &[(f64, f64)]) {
        self.push(format_args!("<path class=\"{class}\" d=\""));
        for (at, (x, y)) in points.iter().enumerate() {
            let step = if at == 0 { 'M' } else { 'L' };
            self.push(format_args!("{step}{} {}", Coordinate(*x), Coordinate(*y)));
        }
        self.markup.push_str("\"/>");
    }

    pub fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let (x, y, radius) = (Coordinate(x), Coordinate(y), Coordinate(radius));
        self.push(format_args!("<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>"));
    }

    /// A label at this point. `anchor` is `start`, `middle` or `end`.
    pub fn label(&mut self, anchor: &str, (x, y): (f64, f64), text: &str) {
        let (x, y) = (Coordinate(x), Coordinate(y));
        self.push(format_args!("<text text-anchor=\"{anchor}\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(text)));
    }

    pub fn finish(mut self) -> String {
        self.markup.push_str("</svg>");
        self.markup
    }

    fn push(&mut self, markup: std::fmt::Arguments) {
        self.markup.write_fmt(markup).expect("a string takes everything");
    }
}

/// A coordinate, rounded to a tenth: finer than is visible, and short.
struct Coordinate(f64);

impl Display for Coordinate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let tenths = (self.0 * 10.0).round() / 10.0;
        // A value that is not finite would be invalid markup; it is drawn at the origin.
        write!(formatter, "{}", if tenths.is_finite() { tenths + 0.0 } else { 0.0 })
    }
}
