#!/bin/sh
# Whom a scheduler of Dask with TLS lets in.
#
# Guess: a client needs a certificate of the authority; and since it verifies the scheduler, a scheduler's certificate has to
# have the name or the address that the client calls.
# Seen (distributed 2026.8.0): names are looked at by nobody. A client takes a scheduler whose certificate is for another
# machine, and the scheduler takes every certificate of the authority – here one for a field device, good for a client alone – and
# runs what it sends. An authority that also signs devices, or machines of others, makes each of them master of the cluster.
. "$(dirname "$0")/_python.sh"
command -v openssl >/dev/null || { echo "needs openssl" >&2; exit 2; }
environment distributed==2026.8.0
cd "$work"
sign() { # NAME EXTENSIONS
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
    printf '%s\n' "$2" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem"
}
{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=authority" -keyout ca.key -out ca.pem
    sign elsewhere "subjectAltName=DNS:elsewhere.example.org
extendedKeyUsage=serverAuth,clientAuth"
    sign device-17 "extendedKeyUsage=clientAuth"
} 2>/dev/null
cat >try.py <<'END'
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client
from distributed.security import Security

DASK = str(Path(sys.executable).with_name("dask"))
command = [DASK, "scheduler", "--host", "127.0.0.1", "--port", "0", "--protocol", "tls", "--dashboard-address", "127.0.0.1:0"]
command += ["--tls-ca-file", "ca.pem", "--tls-cert", "elsewhere.pem", "--tls-key", "elsewhere.key"]
log = Path("scheduler.log")
with log.open("wb") as file:
    scheduler = subprocess.Popen(command, stdout=file, stderr=file)
for _ in range(600):
    if found := re.search(r"Scheduler at: +(tls://\S+)", log.read_text()):
        break
    time.sleep(0.1)
else:
    sys.exit(log.read_text())
files = {"tls_ca_file": "ca.pem", "tls_client_cert": "device-17.pem", "tls_client_key": "device-17.key"}
with Client(found[1], security=Security(require_encryption=True, **files), timeout=20) as client:
    print("runs for a device:", client.run_on_scheduler(os.getpid) == scheduler.pid)
scheduler.kill()
scheduler.wait()
END
said=$("$python" try.py 2>/dev/null)
echo "$said"
case $said in
"runs for a device: True") echo "as written above" ;;
*) echo "it has changed"; exit 1 ;;
esac
