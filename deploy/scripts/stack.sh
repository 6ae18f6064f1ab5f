# shellcheck shell=bash
# How the scripts beside this file speak to the stack; sourced, not run.
#
# DOCKER and COMPOSE name other programs than `docker` and `docker compose`; COMPOSE_FILE, COMPOSE_PROJECT_NAME and
# COMPOSE_PROFILES work as they do for Compose itself.

deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DOCKER=${DOCKER:-docker}
COMPOSE=${COMPOSE:-"$DOCKER compose"}
# Podman leaves the healthcheck out of images in its own format, and without one everything counts as healthy. Docker does not read this.
export BUILDAH_FORMAT=${BUILDAH_FORMAT:-docker}

note() {
    printf '%s\n' "$*" >&2
}

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# The comment at the top of the script that calls it, as far as the first line without one.
usage() {
    sed -n '2,/^[^#]/{/^#/{s/^# \{0,1\}//;p;}}' "$0"
}

wrong_usage() {
    printf 'error: %s; --help tells what is taken\n' "$*" >&2
    exit 2
}

# The value of a flag, or its absence told.
value_of() {
    [[ $# -ge 2 && -n $2 ]] || wrong_usage "$1 needs a value"
    printf '%s' "$2"
}

compose() {
    # Two words where Compose is a plugin.
    # shellcheck disable=SC2086
    (cd "$deploy" && $COMPOSE "$@")
}

database_is_up() {
    compose exec -T db pg_isready --quiet --host=127.0.0.1 --username=postgres
}

# One statement, or a script on standard input, by the superuser over the socket in the container.
psql_in() {
    local database=$1
    shift
    compose exec -T db psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 \
        --username=postgres --dbname="$database" "$@"
}

# A line of deploy/.env, or what stands for it.
setting() {
    local name=$1 default=$2 line
    line=$(grep -E "^$name=" "$deploy/.env" 2>/dev/null | tail -n 1) || true
    if [[ -n $line ]]; then printf '%s' "${line#*=}"; else printf '%s' "$default"; fi
}

# Writes a line of deploy/.env in one step: what reads the file meanwhile sees the former one or the new one.
set_setting() {
    local name=$1 value=$2 file=$deploy/.env
    { grep -vE "^$name=" "$file" 2>/dev/null || true; } >"$file.new"
    printf '%s=%s\n' "$name" "$value" >>"$file.new"
    mv "$file.new" "$file"
}
