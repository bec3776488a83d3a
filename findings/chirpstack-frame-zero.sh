#!/bin/sh
# The first frame of a LoRaWAN device, as JSON of ChirpStack's own protobuf definitions.
#
# Guess: each uplink names its frame counter, its port and the SNR, so a message without a counter is damaged.
# Seen (chirpstack-api 4.20.0 with protobuf 7.36.2): a field that is 0 is not written. Frame 0 after each join has no fCnt,
# a frame with MAC commands alone neither fPort nor data, and an SNR of exactly 0 dB is absent, as is an RSSI that was never
# measured: both mean 0, and nobody can tell. A reader that drops messages without a counter loses the first frame of each
# session, and one that counts on from the last frame books a new session into the old one.
. "$(dirname "$0")/_python.sh"
environment chirpstack-api==4.20.0 protobuf==7.36.2
cat >"$work/try.py" <<'END'
import json

from chirpstack_api import integration
from google.protobuf.json_format import MessageToJson


def said(counter, port, data, snr):
    event = integration.UplinkEvent(f_cnt=counter, f_port=port, data=data, dev_addr="00189440")
    event.rx_info.add(gateway_id="0016c001f153a14c", snr=snr)
    return json.loads(MessageToJson(event))


first, second, mac = said(0, 85, b"\x01\x75\x64", 0.0), said(1, 85, b"\x01\x75\x64", 0.5), said(2, 0, b"", 0.5)
print("frame 0:", sorted(first), "at", sorted(first["rxInfo"][0]))
print("frame 1:", sorted(second), "at", sorted(second["rxInfo"][0]))
print("frame 2:", sorted(mac))
assert "fCnt" not in first and second["fCnt"] == 1
assert "snr" not in first["rxInfo"][0] and second["rxInfo"][0]["snr"] == 0.5
assert "rssi" not in second["rxInfo"][0]
assert "fPort" not in mac and "data" not in mac and mac["fCnt"] == 2
END
"$python" "$work/try.py" || { echo "changed: not as described" >&2; exit 1; }
echo "as described: frame 0 has no counter"
