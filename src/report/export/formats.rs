//! How the cells of the workbook look.

use rust_xlsxwriter::{Color, Format, FormatAlign};

pub struct CellFormats {
    pub title: Format,
    pub header: Format,
    pub integer: Format,
    pub float: Format,
    pub share: Format,
    /// A relative change.
    pub change: Format,
    /// A difference of shares, in percentage points.
    pub points: Format,
    pub fine: Format,
    pub wrapped: Format,
}

impl CellFormats {
    pub fn new() -> Self {
        let number = |format: &str| Format::new().set_num_format(format).set_align(FormatAlign::Top);
        Self {
            title: Format::new().set_bold().set_font_size(16),
            header: Format::new()
                .set_bold()
                .set_background_color(Color::RGB(0xF2_F3_F5))
                .set_text_wrap()
                .set_align(FormatAlign::Top),
            integer: number("#,##0"),
            float: number("#,##0.0"),
            share: number("0.0%"),
            change: number("+0%;-0%;0%"),
            points: number("+0.0\" points\";-0.0\" points\";0\" points\""),
            fine: number("0.000"),
            wrapped: Format::new().set_text_wrap().set_align(FormatAlign::Top),
        }
    }
}
