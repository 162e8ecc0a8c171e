//! The keyword sets inside the binary, named `builtin:NAME`. They are the files in `keywords/`.

/// The name and the text of every set that ships.
pub const SHIPPED: &[(&str, &str)] = &[
    ("behavioural", include_str!("../../keywords/behavioural.toml")),
    ("data", include_str!("../../keywords/data.toml")),
    ("engineering", include_str!("../../keywords/engineering.toml")),
    ("fillers", include_str!("../../keywords/fillers.toml")),
    ("hedges", include_str!("../../keywords/hedges.toml")),
    ("product", include_str!("../../keywords/product.toml")),
    ("sales", include_str!("../../keywords/sales.toml")),
    ("support", include_str!("../../keywords/support.toml")),
    ("vendor-sample", include_str!("../../keywords/vendor-sample.toml")),
];
