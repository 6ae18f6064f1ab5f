#!/usr/bin/env bash
# Pushes the packed chart. Helm finds the login that Docker made.
set -euo pipefail
# shellcheck source=.github/scripts/registry.sh
source "$(dirname "${BASH_SOURCE[0]}")/registry.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

helm push "target/release-files/market-sentinel-$version.tgz" "oci://$charts"
