# roundup in a container without a shell, as a user that is not root:
#
#     docker build -t roundup .
#     docker run --rm -v "$PWD:/work" --user "$(id -u)" roundup run builtin:demo
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked && strip target/release/roundup && mkdir /work

# It has glibc, libgcc, CA certificates and time zones, and nothing to run but what is copied into it.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /src/target/release/roundup /usr/bin/roundup
COPY --from=build --chown=65532:65532 /work /work
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["/usr/bin/roundup"]
CMD ["--help"]
