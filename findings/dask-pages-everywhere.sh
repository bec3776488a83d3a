#!/bin/sh
# Where a scheduler and a worker of Dask listen that are told to listen at 127.0.0.1, without the dashboard.
#
# Guess: `dask scheduler --host 127.0.0.1 --no-dashboard` and `dask worker … --host 127.0.0.1 --no-dashboard` listen at
# 127.0.0.1 only, and there is no web page.
# Seen (distributed 2026.8.0): both still open an HTTP port on every interface (the scheduler 8787, the worker any), without a
# password, and without TLS where all else has it. --no-dashboard leaves out the pages that need bokeh; /json/identity.json with the
# addresses of workers, and their logs at /info/logs/…, are answered. Only --dashboard-address 127.0.0.1:0 keeps that port to
# the machine.
. "$(dirname "$0")/_python.sh"
environment distributed==2026.8.0
cat >"$work/try.py" <<'END'
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

DASK = str(Path(sys.executable).with_name("dask"))


def start(name, *args):
    log = Path(name + ".log")
    with log.open("wb") as file:
        return subprocess.Popen([DASK, *args, "--host", "127.0.0.1", "--no-dashboard"], stdout=file, stderr=file), log


def wait(log, pattern):
    for _ in range(600):
        if found := re.search(pattern, log.read_text()):
            return found[1]
        time.sleep(0.1)
    sys.exit(log.read_text())


def listening():
    """Addresses of IPv4 sockets that listen at every interface."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {int(row[1].partition(":")[2], 16) for row in rows if row[3] == "0A" and row[1].startswith("00000000:")}


with socket.socket() as one:
    one.bind(("127.0.0.1", 0))
    port = one.getsockname()[1]
scheduler, log = start("scheduler", "scheduler", "--port", str(port))
page = int(wait(log, r"dashboard at: +http://[^:]+:(\d+)"))
worker, log = start("worker", "worker", f"tcp://127.0.0.1:{port}", "--no-nanny", "--nthreads", "1")
wait(log, r"(Registered to)")
other = int(wait(log, r"dashboard at: +[^:]+:(\d+)"))
print("at every interface:", {page, other} <= listening())
with urllib.request.urlopen(f"http://127.0.0.1:{page}/json/counts.json") as answer:
    print("answered without a password:", b'"workers": 1' in answer.read())
for process in (worker, scheduler):
    process.kill()
    process.wait()
END
said=$(cd "$work" && "$python" try.py)
echo "$said"
case $said in
"at every interface: True"*"answered without a password: True") echo "as written above" ;;
*) echo "it has changed"; exit 1 ;;
esac
