"""What the firmware takes of a board's heap, module by module, on the 32-bit MicroPython.

The firmware is compiled as for an ESP32, and started with the example configuration of nine
channels and hardware that does nothing (boards/sim/heap_use.py). Objects have the size that
they have on an ESP32. Not in it: TLS, which this interpreter lacks, what the image itself has in
use at its start, and the table of names, of 7 bytes for each place: 4.3 KB up to 620 names, then
8.8 KB. An image has more names of its own than this interpreter, so it adds fewer."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from board import files
from board.errors import BoardError, outcome
from sim_board import MICROPYTHON_32, ROOT

_NAMES = re.compile(r"n_qstr=(\d+), n_str_data_bytes=(\d+)")
_EXAMPLE = ROOT / "boards" / "esp32" / "config.example.json"


@dataclass(frozen=True)
class Names:
    """Names that are not in the interpreter: how many, and the bytes of their letters."""

    count: int
    size: int


@dataclass(frozen=True)
class HeapUse:
    """Bytes of each module without those that it imports, in the order of imports."""

    modules: Mapping[str, int]
    stay: frozenset[str]  # those that the logger keeps
    late: Mapping[str, int]  # loaded when first needed, with what they import
    started: int  # live bytes before the first turn of the loop
    names: Names
    names_late: Names


def measure(
    modules: Mapping[str, bytes],
    others: Sequence[Mapping[str, Any]] = (),
    uplinks: Sequence[Mapping[str, Any]] = (),
) -> HeapUse:
    """Start these modules, as files.firmware() has them; others: channels in place of the
    example's platforms; uplinks: lines to the broker beside Wi-Fi alone."""
    if not MICROPYTHON_32.exists():
        raise BoardError(f"{MICROPYTHON_32}: not there; expected it by tools/micropython_32.sh")
    with tempfile.TemporaryDirectory() as temporary:
        code, data = Path(temporary) / "code", Path(temporary) / "data"
        for name, content in modules.items():
            (code / name).parent.mkdir(parents=True, exist_ok=True)
            (code / name).write_bytes(content)
        data.mkdir()
        config = json.loads(_EXAMPLE.read_text())
        if others:
            rest = [ch for ch in config["channels"] if ch["kind"] != "weight"]
            config["channels"] = [*rest, *others]
        if uplinks:
            config["uplinks"] = uplinks
        (data / "config.json").write_text(json.dumps(config))
        probe = ROOT / "boards" / "sim" / "heap_use.py"
        command: list[str | Path] = [MICROPYTHON_32, "-X", "heapsize=600k", probe, code, data]
        env = os.environ | {"MICROPYPATH": f"{ROOT / 'build' / 'lib'}:.frozen"}
        done = subprocess.run(command, capture_output=True, text=True, env=env)
    if done.returncode:
        raise BoardError(f"the firmware did not start: {done.stderr.strip().splitlines()[-1]}")
    return _read(done.stdout)


def _read(said: str) -> HeapUse:
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("[")]
    before, after, late = (Names(int(n), int(size)) for n, size in _NAMES.findall(said))
    mine = [row[1:] for row in rows if row[0] == "module"]
    return HeapUse(
        modules={name: size for name, size, _ in mine},
        stay=frozenset(name for name, _, stays in mine if stays),
        late={name: size for kind, name, size in (r for r in rows if r[0] == "late")},
        started=next(row[1] for row in rows if row[0] == "started"),
        names=Names(after.count - before.count, after.size - before.size),
        names_late=Names(late.count - before.count, late.size - before.size),
    )


_LINE = {"uart": 2, "tx": 13, "rx": 33}
_MAP = {"fc": 4, "at": 0, "n": 5, "w": 0, "type": "i32", "g": 10, "s": 4, "still": 4}
_SCALE: Mapping[str, Any] = {
    "kind": "weight",
    "calibration": {"id": "c", "date": "2026-01-05", "zero": 0, "counts_per_kg": 21000.0},
}
_FURTHER_FILL = {"id": "f8", "uart": 1, "tx": 26, "rx": 27}
_FILL = {"id": "f9", "kind": "serial_fill", "empty_mm": 1000, "full_mm": 200, **_LINE}
_PINS = {"dout": 34, "sck": 25}
_NAU7802 = {"converter": "nau7802", "scl": 13, "sda": 33}
# A channel in place of the four platforms, and what makes a further one of it.
OTHERS: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "hx711": ({**_SCALE, **_PINS}, {"dout": 35, "sck": 26}),
    "nau7802": ({**_SCALE, **_NAU7802}, {"i2c": 1, "scl": 26, "sda": 27}),
    "hx711 at 80": ({**_SCALE, **_PINS, "converter": "hx711", "sps": 80}, {"dout": 35, "sck": 26}),
    "ads1232": (
        {**_SCALE, **_PINS, "converter": "ads1232", "pdwn": 13},
        {"dout": 35, "sck": 26, "pdwn": 27},
    ),
    "cs1237": ({**_SCALE, **_PINS, "converter": "cs1237"}, {"dout": 35, "sck": 26}),
    "modbus": ({**_LINE, "kind": "modbus", "map": _MAP}, {"unit_id": 2}),
    "xk3190": ({**_LINE, "kind": "indicator", "format": "xk3190"}, {}),
    "toledo": ({**_LINE, "kind": "indicator", "format": "toledo"}, {}),
    "stgs": ({**_LINE, "kind": "indicator", "format": "stgs"}, {}),
    "a12": ({**_LINE, "kind": "indicator", "format": "a12"}, {}),
    "reversed": ({**_LINE, "kind": "indicator", "format": "reversed"}, {}),
    "a02yyuw": ({**_FILL, "sensor": "a02yyuw"}, _FURTHER_FILL),
    "4-20ma": (
        {"id": "f9", "kind": "loop_fill", "scl": 13, "sda": 33},
        {"id": "f8", "input": 1},
    ),
    "card reader": ({**_LINE, "id": "k1", "kind": "card_reader", "salt": "0123456789abcdef"}, {}),
    "jsn-sr04t": ({**_FILL, "sensor": "jsn-sr04t", "ask": True}, _FURTHER_FILL),
}


_LAN = {"kind": "lan", "phy": "w5500", "sck": 5, "mosi": 12, "miso": 13, "cs": 15, "int": 33}
_4G = {"kind": "ppp", "uart": 1, "tx": 12, "rx": 13, "key": 33, "apn": "cmnet"}
_BESIDE = {**_4G, "tx": 2, "rx": 0, "key": 9}
# Lines to the broker, with the channels of the example.
UPLINKS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "lan": [_LAN],
    "lan; wifi": [_LAN, {"kind": "wifi"}],
    "ppp": [_4G],
    "wifi; ppp": [{"kind": "wifi"}, _4G],
    "lan; wifi; ppp": [_LAN, {"kind": "wifi"}, _BESIDE],
}


def others(modules: Mapping[str, bytes]) -> Iterator[tuple[str, HeapUse, int]]:
    """What a board takes that has another channel in place of the four platforms, and what each
    further one of it does (0 where a board has one at the most)."""
    for name, (channel, change) in OTHERS.items():
        one = {"id": "w1", **channel}
        first = measure(modules, [one])
        further = 0
        if change:
            further = measure(modules, [one, {**one, "id": "w2", **change}]).started
            further -= first.started
        yield name, first, further


def names_of(module: bytes) -> Iterator[str]:
    """The names of an .mpy file that no image has for certain."""
    at = 4

    def number() -> int:
        nonlocal at
        value = 0
        while True:
            byte = module[at]
            at += 1
            value = value << 7 | byte & 127
            if byte < 128:
                return value

    count = number()
    number()  # of constants
    for _ in range(count):
        size = number()
        if not size & 1:  # else a number of MicroPython's own table
            yield module[at : at + (size >> 1)].decode()
            at += (size >> 1) + 1


def table(use: HeapUse, modules: Mapping[str, bytes], longest: int) -> Iterator[str]:
    for name, size in use.modules.items():
        yield f"{name:28}{size:8,}{'' if name in use.stay else '  let go of'}"
    staying = sum(size for name, size in use.modules.items() if name in use.stay)
    yield f"{'modules that stay':28}{staying:8,}"
    yield f"{'channels, queue, names, rest':28}{use.started - staying:8,}"
    rest = "without TLS, the table of names, and the image itself"
    yield f"{'live after start':28}{use.started:8,}  {rest}"
    yield f"{'names':28}{use.names.size:8,}  {use.names.count} of them, in the above"
    for name, size in use.late.items():
        yield f"{name:28}{size:8,}  when first needed"
    more = use.names_late.count - use.names.count
    grown = use.names_late.size - use.names.size
    yield f"{'names of these':28}{grown:8,}  {more} of them: for good"
    uses = Counter(name for content in modules.values() for name in names_of(content))
    for name in sorted(uses, key=lambda n: (-len(n), n))[:longest]:
        yield f"{name:28}{len(name):8,}  characters, in {uses[name]} modules"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="memory", description=__doc__.splitlines()[0])
    parser.add_argument("--names", type=int, default=20, help="so many of the longest names (20)")
    args = parser.parse_args(argv)

    def work() -> None:
        modules = files.firmware("esp32", True)
        use = measure(modules)
        for line in table(use, modules, args.names):
            print(line)
        for name, with_it, further in others(modules):
            mine = [m for m in with_it.modules if m not in use.modules and m in with_it.stay]
            took = sum(with_it.modules[m] for m in mine)
            more = f", each further one {further:,}" if further else ""
            what = f"{took:,} of them {', '.join(mine)}{more}"
            print(
                f"{'live with ' + name:28}{with_it.started:8,}  in place of the platforms: {what}"
            )
        for name, uplinks in UPLINKS.items():
            with_it = measure(modules, uplinks=uplinks)
            more = f"{with_it.started - use.started:+,}, {with_it.names.count} names"
            print(f"{'live with ' + name:28}{with_it.started:8,}  {more}")

    return outcome("memory", work, "nothing was changed")


if __name__ == "__main__":
    sys.exit(main())
