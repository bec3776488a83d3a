"""A firmware that cannot be loaded: the prompt is free, and the board starts again by itself."""

import os
import sys

import loader

scratch = None


class Machine:
    """As much of the module as the loader uses."""

    def __init__(self):
        self.watchdog = None

    def WDT(self, timeout):
        self.watchdog = timeout

    def reset(self):
        raise SystemExit("reset")


def run(root, text, slots=None):
    """The watchdog (ms) after a start of a firmware whose main.py is text; None: there is none."""
    for folder in (root, root + "/a", root + "/b"):
        try:
            os.mkdir(folder)
        except OSError:
            pass  # it is there
    if text is not None:
        with open(root + "/a/main.py", "w") as f:
            f.write(text)
    if slots:
        loader.save(root, slots)
    machine, path = Machine(), list(sys.path)
    sys.modules["machine"] = machine
    # Nothing else that is called main may be found.
    sys.path[:] = [".frozen"]
    try:
        loader.run(root)
    finally:
        sys.path[:] = path
        sys.modules.pop("main", None)
        del sys.modules["machine"]
    return machine.watchdog


def test_a_firmware_that_runs_has_a_watchdog_of_its_own():
    assert run(scratch + "/good", "def main():\n    pass\n") is None


def test_a_broken_one_leaves_the_prompt_for_ten_minutes():
    for i, text in enumerate(
        (None, "import nothing_like_that\n", "def main(:\n", "x = [0] * 1e99\n")
    ):
        assert run(scratch + "/bad%d" % i, text) == 600000, text


def test_one_on_trial_starts_again_at_once():
    root = scratch + "/trial"
    try:
        run(root, "import nothing_like_that\n", {"good": "b", "trial": "a"})
        raise AssertionError("went on")
    except SystemExit:
        pass
    assert "ImportError" in loader.load(root)["why"]
