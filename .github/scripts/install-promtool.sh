#!/usr/bin/env bash
# Installs promtool from Debian's or Ubuntu's packages, without the server starting.
set -euo pipefail

if command -v promtool > /dev/null; then
    promtool --version
    exit
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends prometheus
if command -v systemctl > /dev/null && [ -d /run/systemd/system ]; then
    "${as_root[@]}" systemctl disable --now prometheus
fi
promtool --version
