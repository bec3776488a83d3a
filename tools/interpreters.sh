#!/bin/sh
# The fast tests on every other Python from 3.11 to 3.14 that is on this machine: on PATH, or one of pyenv's.
# Each has an environment of its own in build/python, by the lock.
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}
own=$($venv/bin/python -c 'import platform; print(platform.python_version())')
passed= failed= absent=
# Left out: what takes as long as all the rest, and on one interpreter is enough.
without="compiled_and_source or any_order or any_batches or reading_by_reading or what_the_engine_says"

# The newest of a minor version, by its path.
find_python() { # MINOR
    for python in "python3.$1" $(ls -d "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$1."*/bin/python 2>/dev/null | sort -rV); do
        if "$python" -c "import sys, venv; sys.exit(sys.version_info[1] != $1)" 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}

prepare() { # PYTHON FOLDER
    cmp -s locks/dev.txt "$2/lock.txt" && return
    rm -rf "$2"
    "$1" -m venv "$2" || return 1
    "$2/bin/pip" install -q --disable-pip-version-check --no-compile --require-hashes -r locks/dev.txt || return 1
    echo "$PWD" >"$(echo "$2"/lib/python3.*/site-packages)/checkout.pth"
    cp locks/dev.txt "$2/lock.txt"
}

for minor in 11 12 13 14; do
    case $own in 3.$minor.*) continue ;; esac
    if ! python=$(find_python $minor); then
        absent="$absent 3.$minor"
        continue
    fi
    version=$("$python" -c 'import platform; print(platform.python_version())')
    home=build/python/$version
    echo "interpreters: Python $version"
    if ! prepare "$python" "$home"; then
        absent="$absent $version (its packages cannot be had)"
    elif "$home/bin/pytest" -q --fast -m "not alone" -k "not ($without)" -n 2 --dist loadfile -p no:cacheprovider --durations=3; then
        passed="$passed $version"
    else
        failed="$failed $version"
    fi
done
echo "interpreters: beside $own:${passed:+ passed on$passed;}${failed:+ failed on$failed;}${absent:+ not tried, as not on this machine:$absent}"
[ -z "$failed" ]
