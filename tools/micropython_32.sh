#!/bin/sh
# Brings MicroPython for 32-bit Linux into build/micropython-32 (or the folder given): its small integers have 31 bits
# and its ticks wrap at 2^30 ms, as on an ESP32. It comes from the Debian mirror that this machine uses, through an apt
# with lists of its own: nothing is installed, and root is not needed. A second run does nothing.
set -eu
cd "$(dirname "$0")/.."
into=${1:-build/micropython-32}
suite=trixie
version=1.25.0+ds-1
expected=a72799821cb45442150f8a7f0757bc8e4f9a4b64abccbd837d694a20d6900bb5
# What it is linked with, in whatever version the suite has.
libraries="libc6 libffi8 libmbedcrypto16 libmbedtls21 libmbedx509-7"
PATH=$PATH:/usr/sbin

say() { echo "environment: $*"; }
die() { echo "environment: error: 32-bit MicroPython: $*" >&2; exit 2; }

[ ! -x "$into/micropython" ] || exit 0
for program in apt-get dpkg-deb; do
    command -v $program >/dev/null || die "$program is missing: it is for Debian"
done
machine=$(dpkg --print-architecture)
case $machine in amd64 | i386) ;; *) die "expected a machine of architecture amd64, found $machine" ;; esac
for keyring in /usr/share/keyrings/debian-archive-keyring.pgp /usr/share/keyrings/debian-archive-keyring.gpg; do
    [ ! -e $keyring ] || break
done
[ -e $keyring ] || die "$keyring is missing; as root run: apt-get install debian-archive-keyring"

mkdir -p "$into"
rm -rf "$into/apt" "$into/root"
mkdir -p "$into/apt/lists/partial" "$into/apt/cache/archives/partial" "$into/root"
apt=$(cd "$into/apt" && pwd)
log=$into/apt.log
trap 'rm -rf "$apt"' EXIT
: >"$apt/status"
cat >"$apt/apt.conf" <<END
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "-";
Dir::State "$apt";
Dir::State::Lists "$apt/lists";
Dir::State::Status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Log "$apt";
APT::Architecture "i386";
APT::Architectures { "i386"; };
#clear APT::Update;
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
END

# The first of this machine's sources that has the suite: it is Debian's, or a mirror of it.
fetch_lists() {
    for mirror in $(apt-get indextargets --no-release-info --format '$(REPO_URI)' 2>/dev/null | awk '!seen[$0]++'); do
        echo "deb [arch=i386 signed-by=$keyring] $mirror $suite main" >"$apt/sources.list"
        if apt-get -q -c "$apt/apt.conf" --error-on=any update >>"$log" 2>&1; then return; fi
    done
    return 1
}

say "fetching MicroPython $version for 32-bit Linux (14 MB)"
: >"$log"
fetch_lists || die "no source of this machine's apt has Debian $suite, or none answers (see $log)"
# shellcheck disable=SC2086
(cd "$apt" && apt-get -q -c "$apt/apt.conf" download "micropython=$version" $libraries) >>"$log" 2>&1 ||
    die "the packages of version $version could not be fetched (see $log)"
found=$(sha256sum "$apt"/micropython_*.deb | cut -d' ' -f1)
[ "$found" = $expected ] || die "micropython $version: expected an archive with SHA-256 $expected, found $found"
for package in "$apt"/*.deb; do dpkg-deb -x "$package" "$into/root"; done
rm -rf "$into/root/etc" "$into/root/usr/share"
cat >"$into/start" <<'END'
#!/bin/sh
root=${0%/*}/root/usr
libraries=$root/lib/i386-linux-gnu
exec "$libraries/ld-linux.so.2" --library-path "$libraries" "$root/bin/micropython" "$@"
END
chmod 755 "$into/start"
bits=$("$into/start" -c 'import sys; print(4 * len("%x" % sys.maxsize))' 2>>"$log") ||
    die "it does not start here: this machine's Linux runs no 32-bit programs (see $log)"
[ "$bits" = 32 ] || die "expected integers of 32 bits, found $bits"
mv "$into/start" "$into/micropython"
say "32-bit MicroPython ready in $into"
