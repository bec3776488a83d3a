#!/bin/sh
# What libfaketime does to a Python program that sleeps.
#
# Guess: with FAKETIME_DONT_FAKE_MONOTONIC=1, which leaves the monotonic clock true, only the time of day is another one, and
# time.sleep() takes as long as ever. That is what somebody would set who tests a service on another date.
# Seen (libfaketime 0.9.10-2.1 of Debian 12, Python 3.11): with the variable time.sleep() raises OSError 22, invalid argument,
# at any offset to either side; without it, it sleeps, and so does the command sleep with it. Python 3.11 sleeps until a time
# of the monotonic clock.
# Needs apt-get and the index of Debian 12.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -q download libfaketime=0.9.10-2.1 >/dev/null
dpkg-deb -x libfaketime_*.deb .
so=$(echo usr/lib/*/faketime/libfaketime.so.1)
try() { # OFFSET [VARIABLE]
    env ${2:+"$2"} LD_PRELOAD="$PWD/$so" FAKETIME="$1" timeout 20 python3 -c '
import time

before = time.monotonic()
try:
    time.sleep(0.1)
    print("slept", "long enough" if time.monotonic() - before >= 0.1 else "too short")
except OSError as error:
    print("OSError", error.errno)'
}
said=
for offset in -14d +3d; do
    said="$said$offset: $(try $offset), with the variable: $(try $offset FAKETIME_DONT_FAKE_MONOTONIC=1). "
done
echo "$said"
case $said in
"-14d: slept long enough, with the variable: OSError 22. +3d: slept long enough, with the variable: OSError 22. ") echo "as written above" ;;
*) echo "it has changed"; exit 1 ;;
esac
