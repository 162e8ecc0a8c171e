//! The few shapes that charts are made of. Colours and lines come from the page's style sheet, by class.

use std::fmt::{Display, Write};

use super::text::escaped;

/// What a chart says in words.
#[derive(Debug, Clone, Copy)]
pub struct Caption<'a> {
    /// What it shows.
    pub title: &'a str,
    /// What one would see: the range, the last value, where most of it is.
    pub description: &'a str,
}

/// A picture under way.
pub struct Svg {
    markup: String,
}

impl Svg {
    /// A picture of that size in its own units. The title names it; the description says what the eye would see.
    pub fn new(class: &str, (width, height): (f64, f64), caption: Caption) -> Self {
        let mut markup = format!("<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" role=\"img\">");
        for (element, text) in [("title", caption.title), ("desc", caption.description)] {
            if !text.is_empty() {
                markup.push_str(&format!("<{element}>{}</{element}>", escaped(text)));
            }
        }
        Self { markup }
    }

    /// A picture that repeats what stands beside it: nothing is read out.
    pub fn decoration(class: &str, (width, height): (f64, f64)) -> Self {
        Self { markup: format!("<svg class=\"{class}\" viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\">") }
    }

    pub fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64) {
        let (x, y, width, height) = (Coordinate(x), Coordinate(y), Coordinate(width), Coordinate(height));
        self.push(format_args!("<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"));
    }

    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (Coordinate(from.0), Coordinate(from.1), Coordinate(to.0), Coordinate(to.1));
        self.push(format_args!("<path class=\"{class}\" d=\"M{x1} {y1}L{x2} {y2}\"/>"));
    }

    /// A line from point to point.
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

    /// Text whose anchor is `start`, `middle` or `end`.
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

/// A coordinate: a tenth is finer than any eye, and keeps pages light.
struct Coordinate(f64);

impl Display for Coordinate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        let tenths = (self.0 * 10.0).round() / 10.0;
        // No figure may become markup that a browser reports: what is not finite is drawn at the origin.
        write!(formatter, "{}", if tenths.is_finite() { tenths + 0.0 } else { 0.0 })
    }
}
