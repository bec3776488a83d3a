#!/bin/sh
# Installs a part of the project in the versions of locks/PART.txt: locked.sh PYTHON PART WHAT…
# WHAT is the project with that extra, for pip. An index that lacks some of them, or a Python that is newer than the
# lock, gets what pyproject.toml allows, and a line says so; a file with another hash is never installed.
set -eu
python=$1 lock=locks/$2.txt
shift 2
pip="$python -m pip install -q --disable-pip-version-check"
if said=$($pip --require-hashes -r "$lock" 2>&1); then
    exec $pip --no-deps "$@"
fi
reason=$(echo "$said" | sed -n 's/^ERROR: //p' | tail -1)
case $said in *"DO NOT MATCH THE HASHES"*)
    echo "$said" | grep -A3 'DO NOT MATCH' >&2
    echo "error: a package is not the one of $lock; nothing is installed" >&2
    exit 2 ;;
esac
echo "not as $lock has it, but as pyproject.toml allows: $reason"
exec $pip "$@"
