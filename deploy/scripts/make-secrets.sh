#!/usr/bin/env bash
# Makes the secrets of the stack, at random, in deploy/secrets.
#
#   make-secrets.sh [--directory DIR]
#
# What is there already stays as it is, so it may be run again at any time. The directory lets its owner in alone; the
# files in it can be read by all, because the containers, which see them one by one, run as other users.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

directory=$deploy/secrets
while [[ $# -gt 0 ]]; do
    case $1 in
        --directory) directory=$(value_of "$@"); shift 2 ;;
        --help | -h) usage; exit 0 ;;
        *) wrong_usage "unknown argument \`$1\`" ;;
    esac
done

random_password() {
    # Letters and digits, which mean the same in a URL; 32 of them are 190 bits. `tr` is cut off, and may say so.
    (set +o pipefail; LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom 2>/dev/null | head -c 32)
}

# Writes a file unless it is there, in one step.
keep_or_make() {
    local name=$1 content=$2
    if [[ -e $directory/$name ]]; then
        note "kept  $name"
        return
    fi
    printf '%s' "$content" >"$directory/.$name.new"
    chmod 0444 "$directory/.$name.new"
    mv "$directory/.$name.new" "$directory/$name"
    note "made  $name"
}

mkdir -p "$directory"
chmod 0700 "$directory"
if [[ -e $directory/database_url && ! -e $directory/sentinel_password ]]; then
    fail "$directory/database_url is there without sentinel_password, which it holds too: put that back, or remove both"
fi
keep_or_make postgres_password "$(random_password)"
keep_or_make sentinel_password "$(random_password)"
keep_or_make database_url "postgres://sentinel:$(<"$directory/sentinel_password")@db:5432/market"
keep_or_make grafana_admin_password "$(random_password)"
keep_or_make grafana_database_password "$(random_password)"
# Yours to fill in, and to name in deploy/sentinel.env; empty for none.
keep_or_make alpha_vantage_api_key ""
