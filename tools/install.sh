#!/bin/sh
# Installs the host job as a service, or removes it: install.sh install|uninstall.
# PREFIX is /usr/local or /usr, where PATH and systemd look. With DESTDIR only files are
# written, below it: nothing of this machine is asked or told. Run again, it upgrades.
set -eu
umask 022
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}
units="$prefix/lib/systemd/system"
say() { echo "install: $*"; }
die() { echo "install: error: $*" >&2; exit 2; }
there() { [ -z "$root" ] && [ -d /run/systemd/system ]; } # systemd runs here

case $prefix in /usr | /usr/local) ;; *) die "PREFIX: expected /usr/local or /usr, found '$prefix'" ;; esac
case $root in '' | /*) ;; *) die "DESTDIR: expected a path from /, found '$root'" ;; esac
if [ -z "$root" ]; then
    [ "$(id -u)" = 0 ] || die "expected root, found $(id -un); sudo make $1, or DESTDIR= for a trial"
    command -v systemd-tmpfiles >/dev/null || die "systemd is missing; as root run: apt-get install systemd"
fi

# A file with the prefix in place of /usr/local, and its mode.
put() {
    sed "s|/usr/local|$prefix|g" "$1" >"$root$2.new"
    chmod "$3" "$root$2.new"
    mv "$root$2.new" "$root$2"
}

# Whether this is a machine of the engine: ENGINE=1, or it was one before.
engine() { [ -n "${ENGINE:-}" ] || [ -e "$root$prefix/lib/qingyun/bin/dask" ]; }

engine_units() { (cd "$root$units" && ls | grep '^qingyun-engine-' || true); }

environment() {
    lib=$root$prefix/lib/qingyun
    copy=$(mktemp -d)
    trap 'rm -rf "$copy" "$lib.new"' EXIT
    rm -rf "$lib.new"
    python=$(tools/find_python.sh) || die "expected Python 3.11 or later on PATH; as root run: apt-get install python3"
    "$python" -m venv "$lib.new" >/dev/null ||
        die "a virtual environment cannot be made; as root run: apt-get install python3-venv"
    # Fetched with this environment's pip where there is no npm.
    for part in charts:uPlot.iife.min.js map:maplibre-gl.mjs; do
        [ -f "host/serve/static-built/${part#*:}" ] || VENV=$(realpath --relative-to=. "$lib.new") tools/env.sh "${part%%:*}" ||
            say "the page lacks ${part%%:*} until ${part#*:} can be fetched: run this again then"
    done
    say "installing the host job into $lib (about a minute)"
    # From a copy: setuptools leaves what it builds beside what it reads.
    cp -R pyproject.toml setup.py README.md LICENSE host firmware boards registry "$copy"
    tools/locked.sh "$lib.new/bin/python" service "$copy[service]" ||
        die "pip could not install the host job; nothing is changed"
    # Once a machine of the engine, always one: an upgrade brings Dask again.
    if engine; then
        say "installing Dask too, for a machine of the engine"
        "$lib.new/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r locks/worker.txt ||
            die "pip could not install what locks/worker.txt names; nothing is changed"
    fi
    rm -rf "$lib.old"
    [ ! -d "$lib" ] || mv "$lib" "$lib.old"
    mv "$lib.new" "$lib"
    rm -rf "$lib.old"
}

install() {
    mkdir -p "$root$prefix/bin" "$root$units" "$root$prefix/lib/sysusers.d" "$root$prefix/lib/tmpfiles.d"
    mkdir -p "$root$prefix/share/doc/qingyun"
    environment
    put deploy/qingyun "$prefix/bin/qingyun" 755
    for unit in deploy/systemd/*; do put "$unit" "$units/${unit##*/}" 644; done
    if engine; then
        for unit in deploy/engine/*.service; do put "$unit" "$units/${unit##*/}" 644; done
    fi
    put deploy/sysusers.conf "$prefix/lib/sysusers.d/qingyun.conf" 644
    put deploy/tmpfiles.conf "$prefix/lib/tmpfiles.d/qingyun.conf" 644
    share=$root$prefix/share/qingyun
    rm -rf "$share"
    mkdir -p "$share"
    cp deploy/qingyun.example.toml deploy/engine/engine.env "$share"
    "$lib/bin/python" -P -c 'import sys; from qingyun.provision import begin; begin.folder(sys.argv[1])' "$share/registry"
    cp -R docs/. "$root$prefix/share/doc/qingyun"
    say "$("$lib/bin/python" -P -m qingyun.cli --version) in $lib, command $root$prefix/bin/qingyun, units in $root$units"
    [ -z "$root" ] || return 0
    systemd-sysusers "$prefix/lib/sysusers.d/qingyun.conf"
    systemd-tmpfiles --create "$prefix/lib/tmpfiles.d/qingyun.conf"
    say "configuration /etc/qingyun/qingyun.toml, registry /etc/qingyun/registry, store below /var/lib/qingyun"
    there || return 0
    systemctl daemon-reload
    # Only those that run; what is off or never started stays so.
    systemctl try-restart $SERVICES $(engine_units)
}

uninstall() {
    if there; then systemctl -q disable --now $SERVICES $TIMERS $(engine_units) || true; fi
    rm -rf "$root$prefix/lib/qingyun" "$root$prefix/share/qingyun" "$root$prefix/share/doc/qingyun"
    rm -f "$root$prefix/bin/qingyun" "$root$units"/qingyun-*.service "$root$units"/qingyun-*.timer
    rm -f "$root$prefix/lib/sysusers.d/qingyun.conf" "$root$prefix/lib/tmpfiles.d/qingyun.conf"
    if there; then systemctl daemon-reload; fi
    say "removed; kept: $root/etc/qingyun, $root/var/lib/qingyun, $root/var/backups/qingyun, the user qingyun"
}

TIMERS="qingyun-rollup.timer qingyun-reconcile.timer qingyun-standing.timer qingyun-forecast.timer qingyun-backup.timer qingyun-anchor.timer"
SERVICES="qingyun-ingest qingyun-hazard qingyun-deliver qingyun-lorawan qingyun-serve"
case ${1:-} in install | uninstall) "$1" ;; *) die "expected install or uninstall" ;; esac
