#!/bin/sh
# Writes locks/PART.txt for each part of the environment: the version of every package and the hashes of its files,
# one resolution for every interpreter. What is locked stays where pyproject.toml still allows it; UPGRADE=1: the newest.
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
uv=build/uv/bin/uv
[ -x $uv ] || $venv/bin/pip install -q --disable-pip-version-check --target build/uv uv ||
    { echo "lock: error: uv could not be installed from the package index" >&2; exit 2; }
# uv has its own names for what pip is told about a mirror.
[ -z "${PIP_INDEX_URL:-}" ] || export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
[ -z "${PIP_CERT:-}" ] || export SSL_CERT_FILE="$PIP_CERT"
mkdir -p locks
# The largest part first: the others have its versions.
for part in bench dev service worker demo boards; do
    with=
    [ $part = bench ] || with="--constraints locks/bench.txt"
    # shellcheck disable=SC2086
    $uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
        --custom-compile-command "make lock" ${UPGRADE:+--upgrade} $with --extra $part pyproject.toml -o locks/$part.txt
    echo "lock: locks/$part.txt, $(grep -c '^[a-z]' locks/$part.txt) packages"
done
