#!/bin/sh
# Run by the service grafana-role after the migrations. The password never stands in an argument, which others could list.
set -eu

PGPASSWORD=$(cat /run/secrets/postgres_password)
export PGPASSWORD
# psql itself reads the file.
# shellcheck disable=SC2016
exec psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 \
    --command '\set password `cat /run/secrets/grafana_database_password`' \
    --file /read-only-role.sql
