"""The options of run.py; let go of once they are read."""

_OPTIONS = {
    "config": None,
    "trace": None,
    "flash": None,
    "broker": "",
    "physics": "ideal",
    "seed": "1",
    "faults": "0",
    "start": "",
    "until": "",
    "report": "",
    "progress": "",
    "files": "",
    "quiet": "",
    "install": "",
    "cut": "",
    "room": "",
}


class UsageError(Exception):
    """The message says which argument, and what was expected."""


def options(argv):
    """The options of a command line as texts; UsageError for a wrong one."""
    got = _read(argv)
    for name in ("config", "trace", "flash"):
        if got[name] is None:
            raise UsageError("--%s: must be given" % name)
    _check_physics(got)
    broker = got["broker"]
    if broker and not broker.rpartition(":")[2].isdigit():
        raise UsageError("--broker: expected HOST:PORT, found " + broker)
    if got["cut"] and not got["install"]:
        raise UsageError("--cut: only together with --install")
    for name in ("seed", "start", "until", "cut", "room"):
        if got[name] and not got[name].isdigit():
            raise UsageError("--%s: expected a whole number, found %s" % (name, got[name]))
    return got


def _read(argv):
    got = dict(_OPTIONS)
    i = 0
    while i < len(argv):
        name = argv[i][2:]
        if not argv[i].startswith("--") or name not in got:
            raise UsageError("%s: no such option; known: --%s" % (argv[i], " --".join(sorted(got))))
        if name == "quiet":
            got[name] = "1"
            i += 1
            continue
        if i + 1 >= len(argv):
            raise UsageError("--%s: expected a value" % name)
        got[name] = argv[i + 1]
        i += 2
    return got


def _check_physics(got):
    if got["physics"] not in ("ideal", "field"):
        raise UsageError("--physics: expected ideal or field, found " + got["physics"])
    try:
        faults = float(got["faults"])
    except ValueError:
        faults = -1
    if not 0 <= faults <= 1 or (faults and got["physics"] != "field"):
        raise UsageError("--faults: expected 0 to 1, with --physics field, found " + got["faults"])
