#!/usr/bin/env bash
# Pushes a local image for one architecture: publish-image.sh LOCAL ARCHITECTURE. You are logged in already.
set -euo pipefail
# shellcheck source=.github/scripts/registry.sh
source "$(dirname "${BASH_SOURCE[0]}")/registry.sh"

if [ $# -ne 2 ]; then
    echo "usage: publish-image.sh LOCAL ARCHITECTURE" >&2
    exit 2
fi
docker tag "$1" "$image:$version-$2"
docker push "$image:$version-$2"
