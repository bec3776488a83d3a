"""Runs `qingyun ledger anchor`."""

from __future__ import annotations

import argparse
import logging
import time

from ...common.errors import OutsideError, UsageError
from ...common.local_days import local_day
from ...hazard import anchors, ledger, photographs
from ...mqtt.session import SessionError
from ...service import anchors as places
from ...store import Store
from ...store import hazard as rows
from .broker_options import broker_of

_log = logging.getLogger("qingyun.anchor")
SENT = {False: "anchor letter", True: "anchor letter: broken"}  # marks: when one was sent


def run(args: argparse.Namespace) -> int:
    """Verify, compare, leave the anchor, send the letter of the day; 1 where something is wrong."""
    if args.anew and not (args.by or "").strip():
        raise UsageError("--anew: expected --by, who says that the ledger is right as it is")
    broker = broker_of(args, "--publish") if args.broker else None
    known = places.in_files(args.against) if args.against else []
    trouble = ""
    try:
        known += places.retained(broker) if broker else []
    except SessionError as error:  # the rest is done all the same
        trouble = f"{error}; not compared with {places.TOPIC}"
    now = int(time.time())
    store = Store(args.db)
    try:
        faults = anchors.verify(store, known)
        faults += photographs.verify(store, ledger.read(store)) if not faults else []
        anchor = anchors.of(store)
        for line in (*faults, *filter(None, [trouble])):
            _log.error("%s", line)
        print(f"anchor {anchor}: {'broken' if faults else 'whole'}, {len(known)} compared")
        if broker and not trouble and (args.anew or not faults):
            places.retain(broker, anchor, now)
            by = f", anew by {args.by}" if args.anew else ""
            print(f"{broker}: left in {places.TOPIC}{by}")
        if args.mail:
            _mail(args, store, anchor, faults, now)
    finally:
        store.close()
    return 1 if faults or trouble else 0


def _mail(
    args: argparse.Namespace, store: Store, anchor: anchors.Anchor, faults: list[str], now: int
) -> None:
    """Send the letter unless that of the day was sent."""
    from ...delivery import Failed, channels, verification_letter  # noqa: PLC0415

    mail = channels.mail(args.settings)
    if mail is None:
        print("no [email] in the configuration: no letter")
        return
    last = rows.mark(store, SENT[bool(faults)])
    if last is not None and local_day(last) == local_day(now):
        return
    try:
        mail.hand_in(verification_letter.letter(anchor, faults, mail.sender, mail.to, now))
    except Failed as error:
        raise OutsideError(f"email: {error}; tried again the next time") from None
    rows.set_mark(store, SENT[bool(faults)], now)
    print(f"letter sent to {', '.join(mail.to)}")
