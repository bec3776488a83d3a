"""Which updates this board accepts: by the keys they are signed with, and by their version.

`update.lowest` has the lowest version that is accepted. A signed bundle may replace both; what
it tells waits in `update.next` until its firmware is good."""

import json
import os

import identity

from update import keys
from update.command import Failed


def number(version):
    """Three numbers, to be compared; ValueError or AttributeError when it is no version."""
    a, b, c = version.split(".")
    return int(a), int(b), int(c)


class Trust:
    """root: the flash; name: the file of the keys there, None where there is none."""

    def __init__(self, root, name):
        self._root = root
        self.name = name

    def keys(self):
        """One or two public keys: their moduli as bytes. Failed where there is none."""
        return keys.of(self._root, self.name)

    def check(self, version, older):
        """Failed when this version may not follow what runs. older: a step back is meant."""
        try:
            new = number(version)
        except (ValueError, AttributeError):
            raise Failed("version: expected three numbers, found %r" % (version,))
        lowest = self._lowest()
        if lowest and new < number(lowest):
            raise Failed("version: %s is below %s, the lowest accepted" % (version, lowest))
        if new < number(identity.VERSION) and not older:
            text = 'version: %s is older than %s; "older": true if so'
            raise Failed(text % (version, identity.VERSION))

    def _lowest(self):
        try:
            with open(self._root + "/update.lowest") as f:
                return f.read(32)
        except OSError:
            return ""

    def wanted(self, head):
        """What the header of a bundle replaces: {"keys", "lowest"}, each where it is told."""
        try:
            what = {}
            if "keys" in head:
                keys.moduli(head["keys"])
                what["keys"] = head["keys"]
            if "lowest" in head:
                number(head["lowest"])
                what["lowest"] = head["lowest"]
        except (ValueError, TypeError, AttributeError):
            raise Failed("header: keys or lowest are not understood")
        return what

    def propose(self, what):
        """Keep that until the firmware of the bundle is good."""
        if what:
            self._replace("update.next", json.dumps(what))
        else:
            self.drop()

    def adopt(self):
        """The firmware of the bundle is good: what it told counts from now on."""
        try:
            with open(self._root + "/update.next") as f:
                what = json.load(f)
        except (OSError, ValueError):
            return  # it told nothing
        if "keys" in what:
            self._replace(self.name, "\n".join(what["keys"]) + "\n")
        if "lowest" in what:
            lowest = self._lowest()
            if not lowest or number(what["lowest"]) > number(lowest):
                self._replace("update.lowest", what["lowest"])
        self.drop()

    def drop(self):
        """Forget what a bundle told."""
        try:
            os.remove(self._root + "/update.next")
        except OSError:
            pass  # it is not there

    def _replace(self, name, text):
        path = self._root + "/" + name
        with open(path + ".new", "w") as f:
            f.write(text)
        os.rename(path + ".new", path)
