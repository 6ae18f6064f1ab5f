# Stands in for the image rust: the toolchain of this machine on Debian.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY --from=toolchain bin /usr/local/bin
COPY --from=toolchain lib /usr/local/lib
ENV CARGO_HOME=/usr/local/cargo
