#!/bin/sh
# What becomes of a worker of Dask that gets a task whose function is in a module that it does not have.
#
# Guess: the task fails with ModuleNotFoundError, which the client gets; the worker goes on.
# Seen (distributed 2026.8.0): the scheduler unpacks the task first, so it needs the module as well. If it has it, the
# worker's connection to the scheduler ends with the error in the worker's log: the scheduler has lost the worker with all that
# it held, and the client waits, as the task is pending again; the word ModuleNotFoundError does not reach it. A function
# within a function goes over whole, and fails as guessed.
. "$(dirname "$0")/_python.sh"
environment distributed==2026.8.0
mkdir "$work/client"
cat >"$work/client/field.py" <<'END'
def weigh():
    return 1


def whole():
    def weigh():
        import field

        return field.weigh()

    return weigh
END
cat >"$work/try.py" <<'END'
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client

DASK = str(Path(sys.executable).with_name("dask"))


def start(name, *args, **more):
    log = Path(name + ".log")
    command = [DASK, *args, "--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0"]
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=os.environ | more)
    return process, log


def wait(log, pattern):
    for _ in range(600):
        if found := re.search(pattern, log.read_text()):
            return found[1]
        time.sleep(0.1)
    sys.exit(log.read_text())


sys.path.insert(0, "client")
import field

scheduler, log = start("scheduler", "scheduler", "--port", "0", PYTHONPATH="client")
address = wait(log, r"Scheduler at: +(tcp://\S+)")
worker, log = start("worker", "worker", address, "--no-nanny", "--nthreads", "1")
wait(log, r"(Registered to)")
with Client(address) as client:
    try:
        client.submit(field.whole(), pure=False).result(30)
    except Exception as error:
        print("whole:", type(error).__name__, len(client.nthreads()))
    future = client.submit(field.weigh, pure=False)
    for _ in range(300):
        if not client.nthreads() or future.status != "pending":
            break
        time.sleep(0.1)
    time.sleep(1)
    print("by name:", future.status, len(client.nthreads()))
for process in (worker, scheduler):
    process.kill()
    process.wait()
END
said=$(cd "$work" && "$python" try.py 2>/dev/null)
echo "$said (workers that are left)"
case $said in
"whole: ModuleNotFoundError 1"*"by name: pending 0") echo "as written above" ;;
*) echo "it has changed"; exit 1 ;;
esac
