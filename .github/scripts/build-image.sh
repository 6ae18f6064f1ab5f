#!/usr/bin/env bash
# Builds the image of deploy/Dockerfile: build-image.sh NAME:TAG. DOCKER names another program, such as podman.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

if [ $# -ne 1 ]; then
    echo "usage: build-image.sh NAME:TAG" >&2
    exit 2
fi
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
"${DOCKER:-docker}" build \
    --file deploy/Dockerfile \
    --build-arg "VERSION=$version" \
    --build-arg "REVISION=$(git rev-parse HEAD)" \
    --tag "$1" .
