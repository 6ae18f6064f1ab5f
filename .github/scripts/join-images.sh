#!/usr/bin/env bash
# Makes one image of those of several architectures: join-images.sh ARCHITECTURE… It tells its name and digest.
set -euo pipefail
# shellcheck source=.github/scripts/registry.sh
source "$(dirname "${BASH_SOURCE[0]}")/registry.sh"

if [ $# -eq 0 ]; then
    echo "usage: join-images.sh ARCHITECTURE…" >&2
    exit 2
fi
parts=()
for architecture in "$@"; do
    parts+=("$image:$version-$architecture")
done
docker buildx imagetools create --tag "$image:$version" --tag "$image:latest" "${parts[@]}"
digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$image:$version")
{
    echo "image=$image"
    echo "digest=$digest"
} >> "${GITHUB_OUTPUT:-/dev/stdout}"
