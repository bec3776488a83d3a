"""A new firmware over the air: fetched, verified, and put into the folder that is not running.

The bundle (see bundle.py) comes in chunks of 1 KiB, each a retained message: so a
board asks for one at a time, and `update.part` on the flash says how far it is. Each
poll() does one short step; loaded only where there is an update."""

import hashlib
import json
import os
from binascii import hexlify

from micropython import const

from update import bundle
from update.chunks import Chunks
from update.command import Failed, job_of
from update.free_space import free_bytes

_CHUNK = const(1024)
_PIECE = const(
    256
)  # of a file: a heap in pieces has no room for more, and grows into what TLS needs
_ROOM = const(131072)  # files fill whole blocks; and the queue shall not be pressed
_ASK_MS = const(60000)  # a chunk that has not come is asked for again
_ASKS = const(5)
_TELL = const(16)  # chunks between two words of progress
_TOPIC = "qingyun/1/update/%s/%d"


class Installer:
    """begin() or resume(), then poll() until `restart` says that all is done."""

    def __init__(self, board, trust, slots, status, link, log):
        self._board = board
        self._hal = board.hal
        self._root = board.data_dir
        self._part = board.data_dir + "/update.part"
        self._trust = trust
        self._signed = 0  # bytes of the bundle before its signature, once that is verified
        self._slots = slots
        self._status = status
        self._link = link
        self._log = log
        self._steps = None
        self.alone = None  # in a start for this alone: how many of them there were
        self.chunk = 0  # the next one that is wanted
        self.fetched = False  # what comes now needs no network
        self.restart = False

    def begin(self, cmd):
        """Take a command; what the reply says. Failed when it is not done."""
        try:
            job = self._check(cmd)
        except Failed as e:
            self._status.note(cmd, "refused", str(e))
            raise
        self.stop()
        old = self._status.job
        if old is None or old["sha256"] != job["sha256"] or old["size"] != job["size"]:
            self._remove(self._part)
        self._status.begin(job)
        self.resume()
        self._link.hello()
        return self.told()

    def told(self):
        """How far it is, as a reply says it."""
        of = _chunks(self._status.job["size"])
        return {"state": "fetching", "chunk": self._have() // _CHUNK, "of": of}

    def resume(self):
        self._steps = self._go(self._status.job)

    def stop(self):
        self.fetched = False
        if self._steps:
            self._steps.close()
            self._steps = None
        if self._link.chunks:
            self._link.chunks.want = None

    def poll(self):
        """One step; True when the next need not wait."""
        if self._steps is None:
            return False
        try:
            return next(self._steps)
        except StopIteration:
            self._steps = None
            return False
        except Exception as e:
            self.stop()
            why = str(e)
            if not isinstance(e, Failed):
                why = "%s: %s" % (type(e).__name__, why)
            self._remove(self._part)
            self._reply("error", why[:120])
            self._status.end("failed", why)
            self._link.hello()
            return False

    def _check(self, cmd):
        job = job_of(cmd)
        if self.alone is not None:
            job["alone"] = self.alone
        size = job["size"]
        self._trust.check(job["version"], job["older"])
        if not self._slots.two():
            raise Failed("this firmware does not run from /a or /b: deploy the board anew")
        if self._slots.trial:
            raise Failed("this firmware is on trial itself; try again when it is good")
        self._trust.keys()
        free = free_bytes(self._root + "/")
        if free + self._have() < 2 * size + _ROOM:
            raise Failed("flash: %d bytes free, %d are needed" % (free, 2 * size + _ROOM))
        return job

    def _have(self):
        """How many bytes of the bundle are on the flash; a broken end does not count."""
        try:
            n = os.stat(self._part)[6]
        except OSError:
            return 0
        if n % _CHUNK and not (self._status.job and n == self._status.job["size"]):
            self._remove(self._part)
            return 0
        return n

    # The steps. Each yield gives True when the next may come at once.

    def _go(self, job):
        for more in self._fetch(job):
            yield more
        self.fetched = True
        piece = memoryview(bytearray(_PIECE))
        for more in self._verify(job, piece):
            yield more
        self._reply("result", {"state": "verified"})
        for more in self._unpack(job, piece):
            yield more
        job["to"] = self._slots.other
        job["state"] = "trial"
        self._status.save()
        self._slots.try_other()
        self._status.note(job, "trial", "")
        self._remove(self._part)
        self._log.info(
            "update: %s %s is on trial in /%s" % (job["bundle"], job["version"], job["to"])
        )
        self._reply("result", {"state": "trial"})
        self.restart = True

    def _fetch(self, job):
        size = job["size"]
        n = self._have() // _CHUNK if self._have() < size else _chunks(size)
        self._log.info("update: %s: from chunk %d of %d" % (job["bundle"], n, _chunks(size)))
        link = self._link
        chunks = self._link.chunks = Chunks(self._hal)
        while n < _chunks(size):
            self.chunk = n
            chunks.got = None
            asks = 0
            while chunks.got is None:
                # Asked for as long as there is a connection.
                if asks == _ASKS:
                    raise Failed("chunk %d did not come" % n)
                chunks.want = _TOPIC % (job["bundle"], n)
                yield True
                left = _ASK_MS
                then = self._hal.ticks_ms()
                while chunks.got is None and left > 0:
                    yield False
                    now = self._hal.ticks_ms()
                    if link.is_connected():
                        left -= self._hal.ticks_diff(now, then)
                    then = now
                if chunks.got is None:
                    asks += 1
                    chunks.want = None
                    yield True
            expected = min(_CHUNK, size - n * _CHUNK)
            if len(chunks.got) != expected:
                text = "chunk %d: expected %d bytes, found %d"
                raise Failed(text % (n, expected, len(chunks.got)))
            with open(self._part, "ab") as f:
                f.write(chunks.got)
            n += 1
            if n % _TELL == 0:
                self._reply("result", {"state": "fetching", "chunk": n, "of": _chunks(size)})
        chunks.got = chunks.want = None

    def _verify(self, job, piece):
        keys = self._trust.keys()
        size = job["size"]
        whole = hashlib.sha256()
        # What a key of each length would have signed: bytes that are left of it, and its hash.
        parts = {len(n): [size - len(n), hashlib.sha256()] for n in keys}
        with open(self._part, "rb") as f:
            n = f.readinto(piece)
            while n:
                whole.update(piece[:n])
                for part in parts.values():
                    if part[0] > 0:
                        part[1].update(piece[: min(n, part[0])])
                        part[0] -= n
                yield True
                n = f.readinto(piece)
            found = hexlify(whole.digest()).decode()
            if found != job["sha256"]:
                raise Failed("hash: expected %s, found %s" % (job["bundle"], found[:16]))
            digests = {k: part[1].digest() for k, part in parts.items()}
            for modulus in keys:
                k = len(modulus)
                f.seek(max(0, size - k))
                yield True
                if bundle.verified(modulus, f.read(k), digests[k]):
                    self._signed = size - k
                    return
        raise Failed("signature: not of a key in %s" % self._trust.name)

    def _unpack(self, job, piece):
        with open(self._part, "rb") as lines:
            head, at = bundle.header(lines, self._signed, self._board.name, job["version"])
            self._trust.check(head["version"], head.get("older") is True)
            wanted = self._trust.wanted(head)
            yield True
            folder = self._root + "/" + self._slots.other
            self._slots.confirm()  # what is said of the other folder is over
            # Without its manifest a folder is not whole.
            self._remove(folder + "/manifest.json")
            for _ in _clear(folder):
                yield True
            _make(folder)
            manifest = folder + "/manifest.json"
            with open(self._part, "rb") as data, open(manifest + ".new", "w") as m:
                data.seek(at)
                start = {"version": head["version"], "board": head["board"]}
                m.write(json.dumps(start)[:-1] + ', "files": {')
                for i in range(head["files"]):
                    name, size, sha = json.loads(lines.readline())
                    for _ in self._file(data, folder, name, size, sha, piece):
                        yield True
                    m.write('%s"%s": "%s"' % (", " if i else "", name, sha))
                m.write("}}")
            os.rename(manifest + ".new", manifest)
        self._trust.propose(wanted)

    def _file(self, data, folder, name, size, sha, piece):
        """Write one file and read it back, a piece in each step."""
        path = folder + "/" + name
        for i in range(len(folder) + 1, len(path)):
            if path[i] == "/":
                _make(path[:i])
        with open(path, "wb") as f:
            while size:
                n = data.readinto(piece[: min(size, _PIECE)])
                f.write(piece[:n])
                size -= n
                yield True
        h = hashlib.sha256()
        with open(path, "rb") as f:
            n = f.readinto(piece)
            while n:
                h.update(piece[:n])
                yield True
                n = f.readinto(piece)
        if hexlify(h.digest()).decode() != sha:
            raise Failed("%s: expected hash %s as read back" % (name, sha[:16]))

    def _reply(self, key, value):
        reply = {"id": self._status.job["id"], "ok": key == "result", key: value}
        self._link.reply(json.dumps(reply))

    @staticmethod
    def _remove(path):
        try:
            os.remove(path)
        except OSError:
            pass  # it is not there


def _chunks(size):
    return (size + _CHUNK - 1) // _CHUNK


def _make(folder):
    try:
        os.mkdir(folder)
    except OSError:
        pass  # it is there; if not, the first file says so


def _clear(folder):
    """Remove everything in a folder, one file in each step."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            for _ in _clear(path):
                yield
            os.rmdir(path)
        else:
            os.remove(path)
        yield
