"""What the bridge counts, and its metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from ..common.errors import UserError

# What became of a frame.
TAKEN, REPEATED, REFUSED, UNKNOWN, UNREADABLE = (
    *("taken", "repeated", "refused"),
    *("unknown", "unreadable"),
)
RESULTS = (TAKEN, REPEATED, REFUSED, UNKNOWN, UNREADABLE)
_VALUES = {
    "b1": ("battery_percent", "Battery, as the sensor says"),
    "v1": ("battery_volts", "Voltage of the battery"),
    "r1": ("rssi_dbm", "Signal at the gateway that heard it best"),
    "s1": ("snr_db", "Signal to noise at that gateway"),
}


@dataclass(eq=False)
class Counts:
    """Since the start of this process. latest: sensor → its values; heard: sensor → Unix time of
    its latest frame, 0: never; online: sensors that report."""

    connected: bool = False
    frames: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    latest: dict[str, dict[str, float]] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    online: set[str] = field(default_factory=set)

    def collect(self) -> Iterator[Metric]:
        """One scrape; called by another thread, so it looks at copies."""
        yield GaugeMetricFamily(
            "qingyun_lorawan_connected", "Whether there is a session at the network server",
            float(self.connected),
        )  # fmt: skip
        frames = CounterMetricFamily(
            "qingyun_lorawan_frames", "Frames by what became of them", labels=["result"]
        )
        for result in RESULTS:
            frames.add_metric([result], self.frames[result])
        yield frames
        yield CounterMetricFamily(
            "qingyun_lorawan_lost_frames", "Frames missing by their counters", self.lost
        )
        heard, online = dict(self.heard), set(self.online)
        states = Counter(
            "reporting" if d in online else "silent" if t else "never heard"
            for d, t in heard.items()
        )
        sensors = GaugeMetricFamily(
            "qingyun_lorawan_sensors", "Sensors of lorawan.csv, by whether they report",
            labels=["state"],
        )  # fmt: skip
        for state in ("reporting", "silent", "never heard"):
            sensors.add_metric([state], states[state])
        yield sensors
        last = GaugeMetricFamily(
            "qingyun_lorawan_last_frame_timestamp_seconds", "Latest frame of a sensor, 0: none",
            labels=["device"],
        )  # fmt: skip
        for device, t in heard.items():
            last.add_metric([device], t)
        yield last
        latest = dict(self.latest)
        for channel, (name, text) in _VALUES.items():
            gauge = GaugeMetricFamily(f"qingyun_lorawan_{name}", text, labels=["device"])
            for device, values in latest.items():
                if channel in values:
                    gauge.add_metric([device], values[channel])
            yield gauge


def listen(address: tuple[str, int], counts: Counts) -> None:
    """Answer /metrics there, by a thread; UserError when the address cannot be used."""
    collectors = CollectorRegistry()
    collectors.register(counts)
    host, port = address
    try:
        start_http_server(port, host, collectors)
    except OSError as error:
        raise UserError(f"--listen: {host}:{port}: {error.strerror}") from None
