#!/bin/sh
# Makes the cluster once, runs what lies in /docker-entrypoint-initdb.d on it, and becomes the server; begun as root.
set -eu

as_postgres() {
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
}

if [ "$(id -u)" = 0 ]; then
    chown postgres:postgres "$PGDATA" /var/run/postgresql
    if [ ! -s "$PGDATA/PG_VERSION" ]; then
        as_postgres initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-local=trust \
            --auth-host=scram-sha-256 --encoding=UTF8 --locale=C >/dev/null
        echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
        as_postgres pg_ctl --wait --options="-c listen_addresses=''" start >/dev/null
        as_postgres createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
        for script in /docker-entrypoint-initdb.d/*.sh; do
            [ ! -e "$script" ] || as_postgres sh "$script"
        done
        as_postgres pg_ctl --wait --mode=fast stop >/dev/null
    fi
    exec setpriv --reuid=postgres --regid=postgres --clear-groups "$@" -c listen_addresses='*'
fi
exec "$@"
