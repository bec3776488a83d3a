# Sourced by the scripts: `environment PACKAGE==VERSION ...` makes $work, gone at the end, and $python in it.
set -eu
environment() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install -q --disable-pip-version-check "$@" 2>"$work/pip.log" || { cat "$work/pip.log" >&2; exit 2; }
    python=$work/venv/bin/python
}
# A block device in memory for MicroPython: 64 blocks of 4096 bytes.
ram_device() {
    cat >"$work/ram.py" <<'END'
class Ram:
    def __init__(self, data=None):
        self.data = bytearray(data or b"\xff" * 4096 * 64)

    def readblocks(self, block, buf, offset=0):
        start = block * 4096 + offset
        buf[:] = self.data[start : start + len(buf)]

    def writeblocks(self, block, buf, offset=None):
        start = block * 4096 + (offset or 0)
        if offset is None:
            self.data[start : start + len(buf)] = b"\xff" * len(buf)
        self.data[start : start + len(buf)] = buf

    def ioctl(self, op, arg):
        if op == 4:
            return 64
        if op == 5:
            return 4096
        if op == 6:
            self.data[arg * 4096 : arg * 4096 + 4096] = b"\xff" * 4096
            return 0
END
}
