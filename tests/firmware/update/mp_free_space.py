"""How much an update may take: littlefs's own count of what is free is no guide."""

import os

import vfs
from ram_flash import RamFlash
from update.free_space import free_bytes

BLOCK = 4096
SIZES = (100, 1000, 4096, 5000)


def filled(folder):
    """Bytes that go into one more file."""
    n = 0
    try:
        with open(folder + "/big", "wb") as f:
            while True:
                f.write(bytes(BLOCK))
                f.flush()
                n += BLOCK
    except OSError:
        os.remove(folder + "/big")
    return n


def test_what_is_told_fits_and_not_much_more_would():
    image = bytearray(128 * BLOCK)
    for folders, files in ((0, 0), (1, 5), (8, 2), (20, 1), (40, 0)):
        flash = RamFlash(128, image)
        vfs.VfsLfs2.mkfs(flash)
        vfs.mount(vfs.VfsLfs2(flash), "/space")
        try:
            for i in range(folders):
                os.mkdir("/space/d%d" % i)
                for k in range(files):
                    with open("/space/d%d/f%d" % (i, k), "wb") as f:
                        f.write(bytes(SIZES[k % 4]))
            told, true = free_bytes("/space"), filled("/space")
            assert true - 40 * BLOCK <= told <= true + 2 * BLOCK, (folders, files, told, true)
        finally:
            vfs.umount("/space")
