#!/bin/sh
# The name of a Python from 3.11 on: $PYTHON, the machine's own, or the newest on PATH. Ends with 1 where there is none.
old_ifs=$IFS
IFS=:
newest=$(for folder in $PATH; do ls "$folder" 2>/dev/null; done | grep -x 'python3\.[0-9]*' | sort -u -t. -k2 -rn)
IFS=$old_ifs
for python in ${PYTHON:-} python3 $newest; do
    if command -v "$python" >/dev/null && "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "$python"
        exit
    fi
done
exit 1
