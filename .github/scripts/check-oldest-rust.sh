#!/usr/bin/env bash
# Compiles everything with the Rust of `rust-version` in Cargo.toml, which rustup installs when it is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

oldest=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
rustup toolchain install "$oldest" --profile minimal --no-self-update
cargo "+$oldest" check --workspace --all-targets --locked
