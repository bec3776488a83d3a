"""How much fits on the flash, reckoned by what lies there."""

import os


def free_bytes(root):
    """Bytes free on the littlefs at root. statvfs() counts a folder twice, and so may tell
    less than nothing; files up to 128 bytes lie in their folder."""
    stat = os.statvfs(root)
    return stat[0] * (stat[2] - _used(root.rstrip("/"), stat[0]))


def _used(folder, block):
    blocks = 2  # the pair of a folder
    for name, kind, _, size in os.ilistdir(folder or "/"):
        if kind & 0x4000:
            blocks += _used(folder + "/" + name, block)
        elif size > 128:
            blocks += -(-size // (block - 8))  # a block but the first begins with pointers
    return blocks
