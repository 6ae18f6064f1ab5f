#!/usr/bin/env bash
# Installs the stack on this server as a service of systemd that starts with the machine, with a backup every night.
#
#   install.sh [--profile NAME] [--image IMAGE:TAG] [--root DIR] [--no-start]
#
#   --profile NAME     what runs beside the API and its database: observability, demo, or none [default: observability]
#   --image IMAGE:TAG  the image to run; without it one is built from this checkout
#   --root DIR         put the units below DIR instead of /, and start nothing: for packages and for trying it out
#   --no-start         install only
#
# The stack runs from the folder of this checkout, which stays where it is: deploy/.env, deploy/secrets and deploy/backups
# lie in it. It may be run again at any time; settings, secrets and data that are there stay.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

profile=observability image='' root='' start=yes
while [[ $# -gt 0 ]]; do
    case $1 in
        --profile) profile=$(value_of "$@"); shift 2 ;;
        --image) image=$(value_of "$@"); shift 2 ;;
        --root) root=$(value_of "$@") start=no; shift 2 ;;
        --no-start) start=no; shift ;;
        --help | -h) usage; exit 0 ;;
        *) wrong_usage "unknown argument \`$1\`" ;;
    esac
done
case $profile in
    observability | demo) ;;
    none) profile='' ;;
    *) wrong_usage "--profile takes observability, demo or none, not \`$profile\`" ;;
esac
[[ -z $image || $image =~ ^[^:]+(:[0-9]+/[^:]+)?:[A-Za-z0-9_][A-Za-z0-9_.-]*$ ]] || wrong_usage "--image takes IMAGE:TAG, not \`$image\`"
[[ -n $root || $EUID -eq 0 ]] || fail "the units of systemd need root: run it with sudo"
# It stands in a unit, where a space or a percent sign means something else.
[[ $deploy =~ ^[A-Za-z0-9/._-]+$ ]] || fail "the path $deploy has characters that a unit cannot hold: move the checkout"

if [[ -z $root ]]; then
    command -v systemctl >/dev/null || fail "there is no systemd here; \`docker compose up -d --wait\` in $deploy runs the stack without it"
    $COMPOSE version >/dev/null 2>&1 || fail "there is no Docker Compose: install Docker Engine 24 or newer with its Compose plugin"
    version=$($COMPOSE version --short | sed 's/^v//')
    [[ $(printf '2.24\n%s\n' "$version" | sort -V | head -n 1) == 2.24 ]] || fail "Docker Compose $version is too old: 2.24 or newer is needed"
fi

"$deploy/scripts/make-secrets.sh"
[[ -e $deploy/.env ]] || cp "$deploy/.env.example" "$deploy/.env"
set_setting COMPOSE_PROFILES "$profile"
if [[ -n $image ]]; then
    set_setting IMAGE "${image%:*}"
    set_setting IMAGE_TAG "${image##*:}"
elif [[ -z $root ]]; then
    tag=$(git -C "$deploy" describe --always --dirty 2>/dev/null || echo local)
    $DOCKER build --file "$deploy/Dockerfile" --tag "$(setting IMAGE market-sentinel):$tag" "$deploy/.."
    set_setting IMAGE_TAG "$tag"
fi

units=$root/etc/systemd/system
mkdir -p "$units"
for unit in sentinel.service sentinel-backup.service sentinel-backup.timer; do
    sed -e "s,/opt/market-sentinel/deploy,$deploy,g" -e "s,/opt/market-sentinel/docs,$(dirname "$deploy")/docs,g" "$deploy/systemd/$unit" >"$units/$unit"
    note "installed $units/$unit"
done
if [[ $start == yes ]]; then
    systemctl daemon-reload
    systemctl enable --now sentinel.service sentinel-backup.timer
    compose ps
fi
