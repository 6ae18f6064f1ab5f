#!/usr/bin/env bash
# Makes the release of the tag with all files. Needs the tool gh, logged in.
set -euo pipefail
# shellcheck source=.github/scripts/registry.sh
source "$(dirname "${BASH_SOURCE[0]}")/registry.sh"
cd "$(dirname "${BASH_SOURCE[0]}")/../../target/release-files"

sha256sum --check --strict SHA256SUMS
files=()
for file in *; do
    if [ "$file" != NOTES.md ]; then
        files+=("$file")
    fi
done
gh release create "v$version" --repo "$owner_and_name" --verify-tag --title "$version" --notes-file NOTES.md "${files[@]}"
