# Builds the image of the gateway: one program, the few files of glibc that it needs, and the certificate authorities.
#
#   docker build -t deskgate .
#   docker run --read-only -p 8080:8080 -v deskgate:/data \
#       -e DESKGATE_PUBLIC_URL=https://desk.example.com -e DESKGATE_MASTER_KEY=… deskgate
#
# No secret is in it: the master key comes from the environment, or from a mounted file by DESKGATE_MASTER_KEY_FILE. A help
# desk behind a private certificate authority: mount a bundle with it over /etc/ssl/certs/ca-certificates.crt.

FROM rust:1.95-bookworm AS build
WORKDIR /build
ENV CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never

# The dependencies, in a layer of their own that holds as long as the lock file does: an empty program stands in for ours.
COPY Cargo.toml Cargo.lock ./
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    mkdir -p src tests/it \
    && echo 'fn main() {}' | tee src/main.rs >tests/it/main.rs \
    && : >src/lib.rs \
    && cargo build --release --locked --bin deskgate

# Our own code. Its times may be older than the stand-in's, and cargo goes by times.
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    touch src/main.rs src/lib.rs \
    && cargo build --release --locked --bin deskgate

# The root of the image. The authorities are Debian's own, not those that a build machine may have added for itself.
FROM debian:bookworm-slim AS root
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/target/release/deskgate /root/image/deskgate
RUN cd /root/image \
    && mkdir -p data etc/ssl/certs tmp \
    && chmod 1777 tmp \
    && chown 65532:65532 data \
    && for file in $(ldd deskgate | grep -o '/[^ ]*'); do cp --parents --dereference "$file" .; done \
    && cp --parents /usr/share/doc/libc6/copyright /usr/share/doc/libgcc-s1/copyright /usr/share/doc/ca-certificates/copyright . \
    && cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/ \
    && echo 'hosts: files dns' >etc/nsswitch.conf \
    && echo 'deskgate:x:65532:65532::/data:/nologin' >etc/passwd \
    && echo 'deskgate:x:65532:' >etc/group

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="deskgate" \
      org.opencontainers.image.description="A self-hosted, vendor-neutral helpdesk REST gateway" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=root /root/image /
# The number, not the name: an orchestrator that demands a non-root user looks at this alone.
USER 65532:65532
WORKDIR /data
# All state is in this folder; the rest may be read-only.
VOLUME /data
ENV DESKGATE_LISTEN=0.0.0.0:8080 \
    DESKGATE_DATABASE_URL=sqlite:/data/deskgate.db
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 CMD ["/deskgate", "healthcheck"]
ENTRYPOINT ["/deskgate"]
CMD ["serve"]
