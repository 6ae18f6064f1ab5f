-- The role that Grafana reads with: the views and functions of `market_views`, and nothing else. Run it after the migrations, as
-- the owner of the tables or a superuser, and again after each change; it makes what is missing and grants anew.
--
--   psql "$DATABASE_URL" -v password="$(cat FILE)" -f grafana/read-only-role.sql
--
-- `-v role=NAME` for another name than sentinel_grafana. An argument can be seen by other users of the machine: where there are
-- some, set it inside psql instead (\set password `cat FILE`), then \i this file.
\set ON_ERROR_STOP on
\if :{?role}
\else
    \set role sentinel_grafana
\endif
\if :{?password}
\else
    \warn 'no password was given: add -v password=…'
    -- The only way for a script to end with a failure.
    SELECT * FROM "no password was given";
\endif

BEGIN;
-- The lock of the migrations: roles belong to the server, and several may run this at once.
SELECT pg_advisory_xact_lock(1397050964) \g /dev/null

SELECT format('CREATE ROLE %I', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 20;

-- A dashboard that asks too much fails; it does not slow down the writers.
ALTER ROLE :"role" SET default_transaction_read_only = on;
ALTER ROLE :"role" SET statement_timeout = '30s';
ALTER ROLE :"role" SET lock_timeout = '5s';
ALTER ROLE :"role" SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE :"role" SET timezone = 'UTC';

SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), :'role') \gexec
GRANT USAGE ON SCHEMA market_views TO :"role";
GRANT SELECT ON ALL TABLES IN SCHEMA market_views TO :"role";
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA market_views TO :"role";
COMMIT;
