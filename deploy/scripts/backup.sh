#!/usr/bin/env bash
# Backs up the database while it is in use, and removes the oldest backups.
#
#   backup.sh [--output DIR] [--keep N] [--database NAME]   the PostgreSQL of the stack, by pg_dump
#   backup.sh --sqlite FILE [--output DIR] [--keep N]       an embedded database, by `sentinel backup`
#
#   --output DIR     where backups are kept [default: deploy/backups]
#   --keep N         how many of this database are kept; 0 for all [default: 14]
#   --database NAME  which database of the server [default: market]
#   --sqlite FILE    the file of an embedded database; SENTINEL names the program if it is not `sentinel`
#
# The last line of standard output is the new file. It has its name once it is whole and has been read again.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

output=$deploy/backups keep=14 database=market sqlite=
while [[ $# -gt 0 ]]; do
    case $1 in
        --output) output=$(value_of "$@"); shift 2 ;;
        --keep) keep=$(value_of "$@"); shift 2 ;;
        --database) database=$(value_of "$@"); shift 2 ;;
        --sqlite) sqlite=$(value_of "$@"); shift 2 ;;
        --help | -h) usage; exit 0 ;;
        *) wrong_usage "unknown argument \`$1\`" ;;
    esac
done
[[ $keep =~ ^[0-9]+$ ]] || wrong_usage "--keep takes a whole number, not \`$keep\`"
[[ $database =~ ^[A-Za-z0-9_]+$ ]] || wrong_usage "--database takes letters, digits and _, not \`$database\`"

# Bars are no secret; notes and runs may be.
umask 077
mkdir -p "$output"
output=$(cd "$output" && pwd)
stamp=$(date -u +%Y%m%dT%H%M%SZ)

if [[ -n $sqlite ]]; then
    [[ -f $sqlite ]] || fail "there is no database file $sqlite"
    name=$(basename "$sqlite" .db) ending=db
else
    name=$database ending=dump
fi
backup=$output/$name-$stamp.$ending
[[ ! -e $backup ]] || fail "$backup is there already: one backup a second is enough"
part=$backup.part
trap 'rm -f "$part"' EXIT

if [[ -n $sqlite ]]; then
    "${SENTINEL:-sentinel}" --database-url "sqlite:$sqlite" backup "$part" >&2
else
    database_is_up || fail "the database of the stack does not answer: \`docker compose up -d --wait db\` in $deploy starts it"
    compose exec -T db pg_dump --username=postgres --format=custom --dbname="$database" >"$part"
    # Its end too: a list of contents stands at its beginning, and would be whole in half a backup.
    compose exec -T db pg_restore --file=/dev/null <"$part"
fi
mv "$part" "$backup"
(cd "$output" && sha256sum "$(basename "$backup")" >"$(basename "$backup").sha256")

if [[ $keep -gt 0 ]]; then
    # Names hold the time, so the order of names is the order of age.
    mapfile -t kept < <(find "$output" -maxdepth 1 -type f -name "$name-*.$ending" | grep -E -- "/$name-[0-9]{8}T[0-9]{6}Z\.$ending\$" | sort -r)
    for old in "${kept[@]:keep}"; do
        rm -f "$old" "$old.sha256"
        note "removed $old"
    done
fi
printf '%s\n' "$backup"
