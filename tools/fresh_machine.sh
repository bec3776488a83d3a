#!/bin/bash
# A Debian made from nothing, and in it what a newcomer types.
#
#   tools/fresh_machine.sh SUITE [COMMAND ...]      as root; needs debootstrap
#
# SUITE is bookworm, trixie, testing … Into build/fresh/SUITE comes a bare root file system with python3, make, git
# and ca-certificates; the last commit is cloned into it, once for root and once for an ordinary user without sudo.
# Root runs `make demo` and `make test` (or COMMAND ...), the user `make demo`. Then it says for each: how it ended,
# how long it took, what was downloaded, what is on the disk that was not, what still runs, what starts at the next boot.
# The root stays for a look (logs: build/fresh/SUITE/*.log) and is made anew by the next run. KEEP=1 uses it as it is.
set -euo pipefail
cd "$(dirname "$0")/.."
die() { echo "fresh: error: $*" >&2; exit 2; }
say() { echo "fresh $suite: $*"; }

suite=${1:-}
[ -n "$suite" ] || die "expected a Debian suite, for example: tools/fresh_machine.sh trixie"
shift
[ $# -gt 0 ] || set -- "make demo" "make test"
[ "$(id -u)" = 0 ] || die "expected root: it makes a root file system and enters it"
command -v debootstrap >/dev/null || die "debootstrap is missing; run: apt-get install debootstrap"

home=$PWD/build/fresh/$suite
root=$home/root
inside=/root/qingyun

# Enters a mount and process namespace of its own, so that nothing stays mounted or running.
enter() { # USER SCRIPT
    unshare --mount --pid --fork --kill-child bash -ec '
        mount --bind "$1" "$1" # a mount point: tests make mount namespaces of their own
        mount --rbind /dev "$1/dev"; mount -t proc proc "$1/proc"; mount -t sysfs -o ro sys "$1/sys"
        mount -t tmpfs tmp "$1/run"
        exec chroot "$1" /bin/su - "$2" -c "$3"' - "$root" "$1" ". /etc/network-needs; $2" &
    machine=$!
    wait $machine
}
machine=
trap '[ -z "$machine" ] || kill -9 $machine 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM HUP

make_root() {
    mkdir -p "$home"
    rm -rf "$root"
    say "debootstrap"
    debootstrap --variant=minbase --include=python3,make,git,ca-certificates "$suite" "$root" >"$home/debootstrap.log" 2>&1 ||
        die "debootstrap $suite failed, see $home/debootstrap.log"
    # What the network of this machine needs: names, certificates, proxies. Nothing else comes along.
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    cp /etc/hosts "$root/etc/hosts"
    cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
    chroot "$root" update-ca-certificates >/dev/null 2>&1
    {
        echo 'unset PYTHONPATH PYTHONHOME VIRTUAL_ENV; export LANG=C.UTF-8'
        env | grep -E '^(https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|PIP_INDEX_URL|PIP_CERT|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS)=' |
            sed 's/=\(.*\)/="\1"/; s/^/export /' || true
    } >"$root/etc/network-needs"
    # A mirror may lag behind what its index promises; for a trial that does not matter.
    echo 'Acquire::Check-Valid-Until "false";' >"$root/etc/apt/apt.conf.d/lagging-mirror"
    cat >"$root/usr/local/bin/left-running" <<'END'
#!/usr/bin/env python3
"""A line for each process that is neither this one nor an ancestor of it."""
import os, pathlib
own, pid = set(), os.getpid()
while pid:
    own.add(pid)
    pid = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
for folder in pathlib.Path("/proc").glob("[0-9]*"):
    ended = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    if int(folder.name) not in own and not ended:
        line = (folder / "cmdline").read_bytes().replace(bytes(1), b" ").decode(errors="replace").strip()
        print("left running:", line or (folder / "comm").read_text().strip())
END
    chmod 755 "$root/usr/local/bin/left-running"
    chroot "$root" useradd --create-home --shell /bin/bash newcomer
}

clone() { # FOLDER USER
    rm -rf "${root:?}$1"
    git clone -q "file://$PWD" "$root$1"
    chroot "$root" chown -R "$2:" "$1"
}

# What starts at the next boot; of systemd itself, which a package may bring, not what every machine starts with.
enabled() {
    (cd "$root/etc" && find systemd/system rc?.d -path '*.wants/*' -o -path 'rc?.d/S*' 2>/dev/null | sort) | while read -r link; do
        unit=$(basename "$link" | sed 's/@[^.]*\./@./')
        grep -qs "/systemd/system/$unit\$" "$root"/var/lib/dpkg/info/systemd*.list || echo "$link"
    done
}
megabytes() { du -smx "$root" | cut -f1; }
received() { awk -F'[: ]+' '$2 != "lo" && NR > 2 { sum += $3 } END { print int(sum / 1e6) }' /proc/net/dev; }

worst=0
# Runs one command as a user; leaves a row of figures in $home/rows.
run() { # USER FOLDER COMMAND
    local name log before disk net began code
    name=$(echo "$1 $3" | tr -c 'a-z\n' -)
    log=$home/$name.log
    before=$(enabled) disk=$(megabytes) net=$(received) began=$(date +%s) code=0
    say "$1: $3 (log: ${log#"$PWD"/})"
    enter "$1" "code=0; cd $2 && $3 || code=\$?; left-running; exit \$code" >"$log" 2>&1 </dev/null || code=$?
    [ $code = 0 ] || worst=1
    {
        printf '%-9s %-10s exit %s, %d s (set-up %s), %d MB downloaded, %+d MB on disk\n' "$1" "$3" "$code" \
            $(($(date +%s) - began)) "$(sed -n 's/^environment: \([a-z]*\) ready after \([0-9]*\) s.*/\1 \2 s/p' "$log" | paste -sd, | sed 's/,/, /g')" \
            $(($(received) - net)) $(($(megabytes) - disk))
        sed -n 's/\x1b\[[0-9;]*m//g; s/^\(demo: .*\|[0-9.]* s; .*\|=*.* [0-9]* passed.*\|left running: .*\)$/          \1/p' "$log"
        comm -13 <(echo "$before") <(enabled) | sed 's/^/          starts at the next boot: /'
    } | tee -a "$home/rows"
}

[ -n "${KEEP:-}" ] && [ -d "$root" ] || make_root
: >"$home/rows"
clone $inside root
clone /home/newcomer/qingyun newcomer
say "$(chroot "$root" python3 --version), Debian $(cat "$root/etc/debian_version"), commit $(git rev-parse --short HEAD)"
for command in "$@"; do run root $inside "$command"; done
if [ -n "${USER_TOO-1}" ]; then run newcomer /home/newcomer/qingyun "make demo"; fi
if grep -q 'left running\|next boot' "$home/rows"; then worst=1; fi
[ $worst = 0 ] && say "green" || say "red, see ${home#"$PWD"/}/*.log"
exit $worst
