#!/usr/bin/env bash
# Brings the stack to another version, and back to the former one when the new one does not become healthy.
#
#   update.sh TAG [--timeout SECONDS] [--no-backup]   the image of that tag: the one that is here, else pulled
#   update.sh --build [...]                           an image of this checkout, tagged by its commit
#   update.sh --rollback [...]                        the version that ran before the last update
#
#   --timeout SECONDS  how long the new version may take to become healthy [default: 180]
#   --no-backup        do not back the database up first
#
# The tags of this and the former version stand in deploy/.env. Migrations that only the newer version has are reverted by
# that one before the older one starts, with what they alone hold. Exit code 0: updated; 1: not updated, the former
# version runs; 3: not updated, and the former version does not run either.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/stack.sh"

tag='' timeout=180 backup=yes build=no rollback=no
while [[ $# -gt 0 ]]; do
    case $1 in
        --build) build=yes; shift ;;
        --rollback) tag=$(setting PREVIOUS_IMAGE_TAG '') rollback=yes; shift
            [[ -n $tag ]] || fail "deploy/.env names no PREVIOUS_IMAGE_TAG: nothing was updated yet" ;;
        --timeout) timeout=$(value_of "$@"); shift 2 ;;
        --no-backup) backup=no; shift ;;
        --help | -h) usage; exit 0 ;;
        -*) wrong_usage "unknown argument \`$1\`" ;;
        *) [[ -z $tag ]] || wrong_usage "one tag at a time"
            tag=$1; shift ;;
    esac
done
[[ $timeout =~ ^[1-9][0-9]*$ ]] || wrong_usage "--timeout takes a whole number of seconds, not \`$timeout\`"
image=$(setting IMAGE market-sentinel)
current=$(setting IMAGE_TAG local)

if [[ $build == yes ]]; then
    [[ -z $tag ]] || wrong_usage "--build makes its own tag"
    tag=$(git -C "$deploy" describe --always --dirty)
    $DOCKER build --file "$deploy/Dockerfile" --build-arg "REVISION=$(git -C "$deploy" rev-parse HEAD)" --tag "$image:$tag" "$deploy/.."
fi
[[ -n $tag ]] || wrong_usage "name the tag to update to, or --build, or --rollback"
[[ $tag =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]*$ ]] || wrong_usage "\`$tag\` is no tag of an image"
if [[ $tag == "$current" ]]; then
    note "$image:$tag is what runs already"
    exit 0
fi
$DOCKER image inspect "$image:$tag" >/dev/null 2>&1 || $DOCKER pull "$image:$tag" \
    || fail "there is no image $image:$tag, here or where it is pulled from; $current runs on"

# The migrations of the database that are applied, or unknown, to the version of a tag; one a line.
migrations() {
    local tag=$1 state=$2 told
    told=$(IMAGE_TAG=$tag compose run --rm --no-deps -T api --json migrate status | tail -n 1) \
        || fail "$image:$tag cannot tell which migrations the database has"
    tr -d ' ' <<<"$told" | sed -n "s/.*\"$state\":\[\([^]]*\)\].*/\1/p" | tr ',' '\n' | sed '/^$/d'
}

# Has the version of a tag take back its newest migrations.
revert() {
    local tag=$1 steps=$2
    for ((step = 0; step < steps; step++)); do
        IMAGE_TAG=$tag compose run --rm --no-deps -T api migrate down --yes >&2
    done
}

# Brings a version up, and says whether it is healthy in time.
start() {
    IMAGE_TAG=$1 compose up --detach --no-build --wait --wait-timeout "$timeout" api >&2
}

if [[ $backup == yes ]]; then
    saved=$("$deploy/scripts/backup.sh")
    note "backed up: $saved"
fi
unknown=$(migrations "$tag" unknown | wc -l)
if [[ $unknown -gt 0 ]]; then
    [[ $rollback == yes ]] || fail "$image:$tag is older than the schema of the database: --rollback reverts what it does not know"
    compose stop api >&2
    revert "$current" "$unknown"
fi
before=$(migrations "$current" applied | wc -l)

note "starting $image:$tag in the place of $current"
if start "$tag"; then
    set_setting PREVIOUS_IMAGE_TAG "$current"
    set_setting IMAGE_TAG "$tag"
    note "$image:$tag is healthy; \`update.sh --rollback\` is the way back"
    exit 0
fi

note "$image:$tag did not become healthy in $timeout s; its last lines:"
IMAGE_TAG=$tag compose logs --no-log-prefix --tail 20 api >&2 || true
compose stop api >&2 || true
# A version that cannot even tell has not migrated either.
after=$(migrations "$tag" applied | wc -l) || after=$before
revert "$tag" $((after > before ? after - before : 0))
if start "$current"; then
    note "rolled back: $image:$current runs again"
    exit 1
fi
note "$image:$current does not become healthy either: look at \`docker compose logs api db\`, and restore the backup with restore.sh --replace if need be"
exit 3
