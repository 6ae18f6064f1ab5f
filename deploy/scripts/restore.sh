#!/usr/bin/env bash
# Restores a backup: beside what is there, or in its place.
#
#   restore.sh BACKUP [--database NAME]      into a new database of the stack's PostgreSQL; the one in use is not touched
#   restore.sh BACKUP --replace              then puts it in the place of the one in use, which is kept under another name
#   restore.sh BACKUP --sqlite FILE          an embedded database, into a file that is not there yet
#
#   --database NAME  of the new database [default: market_restored_ and the time]
#   --sqlite FILE    the file to make; SENTINEL names the program if it is not `sentinel`
#
# The backup is compared with its .sha256 when that is there, and every rule of the store is checked in what was restored.
# The last line of standard output is the name of the restored database, or of the file.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

backup='' database='' sqlite='' replace=no
while [[ $# -gt 0 ]]; do
    case $1 in
        --database) database=$(value_of "$@"); shift 2 ;;
        --sqlite) sqlite=$(value_of "$@"); shift 2 ;;
        --replace) replace=yes; shift ;;
        --help | -h) usage; exit 0 ;;
        -*) wrong_usage "unknown argument \`$1\`" ;;
        *) [[ -z $backup ]] || wrong_usage "one backup at a time"
            backup=$1; shift ;;
    esac
done
[[ -n $backup ]] || wrong_usage "name the backup to restore"
[[ -r $backup ]] || fail "there is no backup $backup"
[[ -z $sqlite || ($replace == no && -z $database) ]] || wrong_usage "--sqlite goes with neither --replace nor --database"
stamp=$(date -u +%Y%m%d_%H%M%S)
database=${database:-market_restored_$stamp}
[[ $database =~ ^[a-z0-9_]+$ ]] || wrong_usage "--database takes small letters, digits and _, not \`$database\`"
[[ $database != market ]] || wrong_usage "market is the database in use: --replace puts the backup in its place"

if [[ -r $backup.sha256 ]]; then
    (cd "$(dirname "$backup")" && sha256sum --check --status "$(basename "$backup").sha256") \
        || fail "$backup is not what its .sha256 says: take another backup"
fi

if [[ -n $sqlite ]]; then
    [[ ! -e $sqlite ]] || fail "$sqlite is there already: stop what uses it, and move it away"
    cp "$backup" "$sqlite.part"
    "${SENTINEL:-sentinel}" --database-url "sqlite:$sqlite.part" verify >&2
    # Left behind by the check; the file is whole without them.
    rm -f "$sqlite.part-wal" "$sqlite.part-shm"
    mv "$sqlite.part" "$sqlite"
    printf '%s\n' "$sqlite"
    exit 0
fi

database_is_up || fail "the database of the stack does not answer: \`docker compose up -d --wait db\` in $deploy starts it"
compose exec -T db pg_restore --file=/dev/null <"$backup" || fail "$backup is no whole backup of pg_dump: take another one"
# To its end, or whoever sends it is cut off.
contents=$(compose exec -T db sh -c 'pg_restore --list && cat >/dev/null' <"$backup")
[[ -z $(psql_in postgres --command "SELECT 1 FROM pg_database WHERE datname = '$database'") ]] \
    || fail "the database $database is there already: name another one with --database"

unfinished=$database
trap '[[ -z $unfinished ]] || psql_in postgres --command "DROP DATABASE IF EXISTS \"$unfinished\"" || true' EXIT
psql_in postgres --command "CREATE DATABASE \"$database\" TEMPLATE template0 OWNER sentinel"
# TimescaleDB wants to know that its tables are about to be filled.
timescale=no
if grep -q 'EXTENSION - timescaledb' <<<"$contents"; then
    timescale=yes
    psql_in "$database" --command 'CREATE EXTENSION IF NOT EXISTS timescaledb' --command 'SELECT timescaledb_pre_restore()' >/dev/null
fi
# Rights are left out: they are of roles that another server need not have. The service grafana-role grants its own again.
compose exec -T db pg_restore --username=postgres --dbname="$database" --no-privileges --exit-on-error <"$backup"
[[ $timescale == no ]] || psql_in "$database" --command 'SELECT timescaledb_post_restore()' >/dev/null
psql_in "$database" --command 'ANALYZE'

# The user of the image sees the new database through the secret of the old one, with its name in place of the last part.
# shellcheck disable=SC2016
verify='sentinel verify --database-url "$(sed "s,/market\$,/$1," /run/secrets/database_url)"'
compose run --rm --no-deps -T --entrypoint sh api -c "$verify" -- "$database" >&2
unfinished=''

if [[ $replace == yes ]]; then
    former=market_before_$stamp
    compose stop api >&2
    psql_in postgres <<SQL
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ('market', '$database') AND pid <> pg_backend_pid() \g /dev/null
BEGIN;
ALTER DATABASE market RENAME TO $former;
ALTER DATABASE $database RENAME TO market;
COMMIT;
SQL
    note "the former database is kept as $former; \`DROP DATABASE $former\` when it is needed no more"
    # All that is configured, so that the role of Grafana is granted its rights again.
    compose up --detach --wait --no-build >&2
    database=market
fi
printf '%s\n' "$database"
