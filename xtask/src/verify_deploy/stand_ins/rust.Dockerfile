# Stands in for the image rust: the toolchain of this machine on Debian. Cargo trusts the authorities that this machine
# trusts, because a proxy that opens TLS has one of its own.
FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
COPY --from=toolchain bin /usr/local/bin
COPY --from=toolchain lib /usr/local/lib
COPY --from=authorities certs/ca-certificates.crt /usr/local/share/authorities-of-this-machine.crt
ENV CARGO_HOME=/usr/local/cargo CARGO_HTTP_CAINFO=/usr/local/share/authorities-of-this-machine.crt
