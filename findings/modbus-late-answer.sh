#!/bin/sh
# What masters of Modbus RTU in Python make of one answer that comes after its time.
#
# An answer of Modbus RTU names unit and function, but not the register it belongs to: a master has to see to it that
# nothing of an earlier question is left. A weighing transmitter that is slow once (1.3 s where 1 s was allowed) is
# asked for registers 1 to 5, which hold 1000 times their number.
#
# Guess: one question fails, and the rest are right; at the worst the second answer is wrong too.
# Seen (minimalmodbus 2.1.1, pymodbus 3.16.1, modbus_tk 1.1.5, on a pty): if the next question is out already when the
# answer comes, every later reading is the one before it, for as long as the program runs: 1000 for register 2, 2000 for
# register 3, ... without an error, because each answer then waits in the buffer until the next question. That is so in
# all three. pymodbus repeats a question by default, and so does not even report the first. If the late answer comes
# between two questions, minimalmodbus, modbus_tk and the synchronous client of pymodbus throw it away and are right
# again; the asynchronous client of pymodbus takes it for the next answer here too.
. "$(dirname "$0")/_python.sh"
environment minimalmodbus==2.1.1 pymodbus==3.16.1 modbus_tk==1.1.5 pyserial==3.5
cat >"$work/transmitter.py" <<'END'
"""A transmitter on a pty: register n holds 1000 n; delays are those of its first answers, then 0.4 s."""
import os
import pty
import struct
import threading
import time
import tty


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return struct.pack("<H", value)


def start(*delays):
    ours, theirs = pty.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    waits = list(delays)

    def answer(frame, wait):
        time.sleep(wait)
        os.write(ours, frame + crc(frame))

    def serve():
        rest = b""
        while True:
            rest += os.read(ours, 256)
            while len(rest) >= 8:
                question, rest = rest[:8], rest[8:]
                register, count = struct.unpack(">HH", question[2:6])
                assert count == 1 and crc(question[:6]) == question[6:]
                frame = question[:2] + struct.pack(">BH", 2, 1000 * register)
                threading.Thread(target=answer, args=(frame, waits.pop(0) if waits else 0.4), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return os.ttyname(theirs)
END
cat >"$work/try.py" <<'END'
import asyncio
import logging
import time

import minimalmodbus
import modbus_tk.modbus_rtu
import serial
import transmitter
from pymodbus.client import AsyncModbusSerialClient, ModbusSerialClient

logging.disable()
LIMIT = 1.0


def minimal(port):
    one = minimalmodbus.Instrument(port, 1)
    one.serial.timeout = LIMIT
    return one.read_register


def tk(port):
    one = modbus_tk.modbus_rtu.RtuMaster(serial.Serial(port, 9600))
    one.set_timeout(LIMIT)
    return lambda register: one.execute(1, 3, register, 1)[0]


def py(port, **options):
    one = ModbusSerialClient(port, baudrate=9600, timeout=LIMIT, **options)
    one.connect()
    return lambda register: one.read_holding_registers(register, count=1, device_id=1).registers[0]


def py_async(port):
    loop = asyncio.new_event_loop()

    async def connect():
        client = AsyncModbusSerialClient(port, baudrate=9600, timeout=LIMIT, retries=0)
        await client.connect()
        return client

    one = loop.run_until_complete(connect())

    def read(register):
        return loop.run_until_complete(one.read_holding_registers(register, count=1, device_id=1)).registers[0]

    return read


def readings(read, pause):
    values = []
    for register in range(1, 6):
        try:
            values.append(read(register))
        except Exception:
            values.append("error")
        time.sleep(pause)
    return values


shifted = ["error", 1000, 2000, 3000, 4000]
well = ["error", 2000, 3000, 4000, 5000]
cases = (
    ("minimalmodbus", minimal, shifted, well),
    ("modbus_tk", tk, shifted, well),
    ("pymodbus, no repetition", lambda port: py(port, retries=0), shifted, well),
    ("pymodbus, its defaults", py, [1000, 1000, 2000, 3000, 4000], None),
    ("pymodbus, asynchronous", py_async, shifted, shifted),
)
changed = False
for name, client, in_question, between in cases:
    seen = readings(client(transmitter.start(LIMIT + 0.3)), 0)
    print(f"{name}: the answer comes while the next question waits: {seen}")
    changed |= seen != in_question
    if between:
        seen = readings(client(transmitter.start(LIMIT + 0.3)), 0.8)
        print(f"{name}: the answer comes before the next question: {seen}")
        changed |= seen != between
raise SystemExit(changed)
END
cd "$work"
"$python" try.py || { echo "changed: not as described" >&2; exit 1; }
echo "as described: one late answer moves every later reading by one"
