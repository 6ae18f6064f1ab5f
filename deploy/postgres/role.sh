#!/bin/sh
# Run once by the database's image, when its volume is made: the role of sentinel, who owns the database and is no superuser.
set -eu

psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\set password `cat /run/secrets/sentinel_password`
CREATE ROLE sentinel LOGIN PASSWORD :'password';
SELECT format('ALTER DATABASE %I OWNER TO sentinel', current_database()) \gexec
ALTER SCHEMA public OWNER TO sentinel;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SQL
