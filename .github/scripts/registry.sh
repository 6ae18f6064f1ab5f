# shellcheck shell=bash
# Where images and charts of this repository go; read by the scripts beside it.
# REGISTRY names another one than GitHub's, such as 127.0.0.1:5000, to try them.

owner_and_name=${GITHUB_REPOSITORY:?such as owner/market-sentinel}
owner=${owner_and_name%%/*}
registry=${REGISTRY:-ghcr.io}
# Registries know small letters only.
image=$registry/${owner,,}/market-sentinel
charts=$registry/${owner,,}/charts
version=${GITHUB_REF_NAME:?a tag such as v1.2.3}
version=${version#v}
export image charts version
