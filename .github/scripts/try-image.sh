#!/usr/bin/env bash
# Tries an image as it is deployed: locked down, on a volume of its own; healthy, answering, stopping cleanly.
# try-image.sh NAME:TAG. DOCKER names another program, such as podman.
set -euo pipefail

if [ $# -ne 1 ]; then
    echo "usage: try-image.sh NAME:TAG" >&2
    exit 2
fi
image=$1
docker=${DOCKER:-docker}

user=$("$docker" image inspect --format '{{.Config.User}}' "$image")
case $user in
'' | 0* | root* | *[!0-9:]*)
    echo "FAILED: the image runs as '$user', not as a number other than 0" >&2
    exit 1
    ;;
esac

volume=$("$docker" volume create)
container=
clean_up() {
    if [ -n "$container" ]; then
        "$docker" rm --force "$container" > /dev/null
    fi
    "$docker" volume rm --force "$volume" > /dev/null
}
trap clean_up EXIT

container=$("$docker" run --detach --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
    --memory 512m --pids-limit 128 --publish 127.0.0.1::8000 --volume "$volume:/var/lib/sentinel" "$image")

for attempt in $(seq 60); do
    if "$docker" exec "$container" sentinel health; then
        break
    fi
    if [ "$attempt" -eq 60 ]; then
        "$docker" logs "$container" >&2
        echo "FAILED: not healthy after a minute" >&2
        exit 1
    fi
    sleep 1
done

address=$("$docker" port "$container" 8000/tcp | head -n 1)
curl --fail --silent --show-error "http://$address/health/ready"
echo
"$docker" stop --time 30 "$container" > /dev/null
code=$("$docker" inspect --format '{{.State.ExitCode}}' "$container")
if [ "$code" -ne 0 ]; then
    "$docker" logs "$container" >&2
    echo "FAILED: it was stopped and ended with $code" >&2
    exit 1
fi
echo "ok: $image runs as $user, is healthy, answers and stops cleanly"
