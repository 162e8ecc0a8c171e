# What people do here all the time.

default:
    @just --list

fmt:
    cargo fmt

lint:
    cargo fmt --check
    cargo clippy --all-targets -- --deny warnings

test:
    cargo test

bench:
    cargo bench

# Asks the oracles again what the golden files have of them; needs Python and Node.
oracle:
    tests/oracle/run

# Fuzzes one target for some seconds.
fuzz target seconds="60":
    fuzz/run {{target}} {{seconds}}

# Files that the program writes about itself.
docs:
    cargo run --quiet -- schema > docs/tables.md
    cargo run --quiet -- schema pipeline > pipelines/pipeline.schema.json
    cargo run --quiet -- schema keywords > docs/keywords.schema.json
    cargo run --quiet -- schema settings > docs/settings.md

# The wheel, in target/packages.
wheel:
    packaging/build wheel

# All packages, with their licences, SBOM and sums, in target/packages; then they are installed and run.
release:
    packaging/build
    tests/packages/run target/packages

# The pictures that the README shows.
screenshots:
    cargo build --release
    npm ci --prefix tests/browser --ignore-scripts
    node tests/browser/run.mjs target/release/roundup --screenshots docs

ci:
    .ci/run
