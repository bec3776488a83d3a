"""When a frame was heard: by which clock.

The network server's clock is trusted. A gateway that stored frames while its link was down hands
them on late, and then its own clock alone knows; but a gateway without GPS may have any clock. So
its word counts if GPS leads it, or if it agreed with the server when it last heard a frame live."""

from __future__ import annotations

from .uplinks import Uplink

NEAR_S = 60  # clocks that differ by less agree; a frame this much older was stored


class Clocks:
    """What is known of the gateways' clocks: gateway → whether it agreed with the server's."""

    def __init__(self, agreed: dict[str, bool] | None = None) -> None:
        self.agreed = agreed if agreed is not None else {}

    def learn(self, uplink: Uplink) -> bool:
        """Note which clocks agree, from a frame that was heard live by one gateway at least;
        whether anything is new."""
        before = dict(self.agreed)
        told = [h for h in uplink.heard if h.at is not None]
        live = any(abs((h.at or 0) - uplink.at) <= NEAR_S for h in told)
        for h in told:
            off = (h.at or 0) - uplink.at
            if abs(off) <= NEAR_S:
                self.agreed[h.gateway] = True
            elif off > 0 or live:  # ahead, or late although another one was not: its clock is wrong
                self.agreed[h.gateway] = False
        return self.agreed != before

    def time_of(self, uplink: Uplink) -> int:
        """Unix seconds at which the frame was heard."""
        stored = [
            h.at
            for h in uplink.heard
            if h.at is not None
            and h.at < uplink.at - NEAR_S
            and (h.by_gps or self.agreed.get(h.gateway, False))
        ]
        return min(stored, default=uplink.at)
