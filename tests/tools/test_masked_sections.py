"""Nothing but pulses while interrupts are masked: the check of make lint."""

from __future__ import annotations

import pytest
from masked_sections import main, problems
from sim_board import ROOT

PULSE = """
def read(mask, unmask, ticks_us, sck):
    for _ in range(24):
        irq = mask()
        t0 = ticks_us()
        sck(1)
        sck(0)
        {}
        unmask(irq)
"""


def test_the_firmware_is_clean() -> None:
    assert main([str(ROOT / "firmware"), str(ROOT / "boards" / "esp32")]) == 0
    source = (ROOT / "firmware" / "sensors" / "hx711.py").read_text()
    assert source.count("irq = mask()") == 2  # so there is something to look at


@pytest.mark.parametrize(
    "line",
    [
        "if ticks_us() - t0 > 50: bad = True",
        "bad = ticks_us() - t0 > 50",
        "while sck(0): pass",
        "values = [1]",
        "self.late = ticks_us()",
        "hal.sleep_us(1)",
        "sck(t0 + 1)",
        "t1 = (ticks_us() and 1)",
    ],
)
def test_what_does_not_belong_there_is_named(line: str) -> None:
    (found,) = problems(PULSE.format(line), "f.py")
    assert found.startswith("f.py:8: with interrupts masked: expected the call of")


def test_a_section_ends_where_it_began() -> None:
    assert not list(problems(PULSE.format("t1 = ticks_us()"), "f.py"))
    open_ended = "def f(hal):\n    irq = hal.disable_irq()\n    pin(1)\n"
    assert list(problems(open_ended, "f.py")) == [
        "f.py:2: interrupts are masked, but not unmasked in this block"
    ]
    alone = "def f(hal):\n    hal.enable_irq(0)\n"
    assert list(problems(alone, "f.py")) == [
        "f.py:2: interrupts are unmasked, but not masked before"
    ]
