#!/usr/bin/env bash
# Packs the chart with the published image as its default.
set -euo pipefail
# shellcheck source=.github/scripts/registry.sh
source "$(dirname "${BASH_SOURCE[0]}")/registry.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

cargo xtask release chart --image "$image"
