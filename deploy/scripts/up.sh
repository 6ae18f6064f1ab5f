#!/usr/bin/env bash
# Brings the stack up: makes the secrets that are not there yet, builds the image, and waits until everything is healthy.
#
#   up.sh [--profile NAME]...   the profiles of compose.yaml [default: those in deploy/.env, else demo: everything, with real sample data]
#   up.sh --api-only            the API and its database alone
#
# The profiles are kept in deploy/.env, so that `docker compose ps` or `down`, and the other scripts, mean the same containers.
# Again, it takes up what changed, and leaves secrets and data as they are.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

profiles='' api_only=no
while [[ $# -gt 0 ]]; do
    case $1 in
        --profile) profiles+=${profiles:+,}$(value_of "$@"); shift 2 ;;
        --api-only) api_only=yes; shift ;;
        --help | -h) usage; exit 0 ;;
        *) wrong_usage "unknown argument \`$1\`" ;;
    esac
done
if [[ $api_only == yes ]]; then
    [[ -z $profiles ]] || wrong_usage "--api-only and --profile exclude each other"
elif [[ -z $profiles ]]; then
    profiles=${COMPOSE_PROFILES-$(setting COMPOSE_PROFILES demo)}
fi

"$deploy/scripts/make-secrets.sh"
set_setting COMPOSE_PROFILES "$profiles"
COMPOSE_PROFILES=$profiles compose up --detach --build --wait
