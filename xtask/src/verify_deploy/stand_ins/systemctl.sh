#!/usr/bin/env bash
# Stands in for systemctl: runs the lines of a unit, in its folder, without all that systemd does around them.
# COMPOSE is what answers to `/usr/bin/docker compose` here.
set -euo pipefail

run() {
    local line=$1 unit=/etc/systemd/system/$2 command
    command=$(sed -n "s,^$line=,,p" "$unit")
    [[ -n $command ]] || { printf 'error: %s has no %s\n' "$2" "$line" >&2; exit 1; }
    cd "$(sed -n 's,^WorkingDirectory=,,p' "$unit")"
    command=${command/#\/usr\/bin\/docker compose /$COMPOSE }
    # Words, as systemd takes them.
    # shellcheck disable=SC2086
    $command
}

case $1 in
    daemon-reload) ;;
    enable)
        shift
        for unit in "$@"; do
            [[ $unit != *.service ]] || run ExecStart "$unit"
        done ;;
    start) run ExecStart "$2" ;;
    reload) run ExecReload "$2" ;;
    stop) run ExecStop "$2" ;;
    *) printf 'error: systemctl %s is not stood in for\n' "$*" >&2; exit 1 ;;
esac
