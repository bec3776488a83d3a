#!/bin/sh
# A mode with a colon in a line of systemd-tmpfiles that copies a file to where one is already.
#
# Guess: the file that exists keeps its mode, as tmpfiles.d(5) says of a mode with a colon, and as it keeps its content.
# Seen (systemd 252 of Debian 12): a line of type C (copy) puts its mode back at each run, while f
# (file) and d (folder) with the same colon leave it. So an office that closes its configuration to 0600 finds it at 0640
# after the next boot.
set -eu
systemd-tmpfiles --version | grep -q "^systemd 252 " || { echo "needs systemd 252 of Debian 12" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/etc"
echo template >"$work/root/template"
cat >"$work/q.conf" <<'END'
C /etc/copied :0640 - - - /template
f /etc/file   :0640 - - - template
d /etc/folder :0750 - - -
END
create() { systemd-tmpfiles --create --root="$work/root" "$work/q.conf"; }
look() { (cd "$work/root/etc" && stat -c "%a %n" copied file folder) | paste -sd,; }
create
first=$(look)
chmod 600 "$work/root/etc/copied" "$work/root/etc/file"
chmod 700 "$work/root/etc/folder"
echo own >"$work/root/etc/copied"
create
second=$(look)
echo "made: $first; closed by hand, then run again: $second"
[ "$first" = "640 copied,640 file,750 folder" ] && [ "$second" = "640 copied,600 file,700 folder" ] &&
    [ "$(cat "$work/root/etc/copied")" = own ] || { echo "changed: not as described" >&2; exit 1; }
echo "as described: C resets the mode in spite of the colon, f and d do not"
