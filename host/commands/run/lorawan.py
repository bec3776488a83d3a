"""Runs `qingyun lorawan`."""

from __future__ import annotations

import argparse
import ssl
from collections.abc import Callable

from ... import registry
from ...common.errors import UsageError
from ...lorawan import bridge, sensors
from ...lorawan.counts import RESULTS, Counts, listen
from ...lorawan.memory import Memory
from ...lorawan.translation import Translation
from ...mqtt.broker import Broker, address
from .broker_options import broker_of


def network_of(args: argparse.Namespace) -> Broker:
    """The broker of the network server; UsageError when the options do not fit together."""
    if not args.network:
        host, port = address(args.broker)
    else:
        host, port = address(args.network, "--network")
    password = None
    if args.network_password_file:
        try:
            password = args.network_password_file.read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"--network-password-file: {error}") from None
        if not args.network_username:
            raise UsageError("--network-username: expected a name for the password")
    context = _tls_of(args)
    who = args.network_username, password
    return Broker(host, port, args.network_client_id, *who, context=context)


def _tls_of(args: argparse.Namespace) -> ssl.SSLContext | None:
    """What TLS to the network server goes by; None: plain."""
    own = args.network_certfile, args.network_keyfile
    if bool(own[0]) != bool(own[1]):
        raise UsageError("--network-certfile: expected --network-keyfile with it")
    if not (args.network_tls or args.network_cafile or own[0]):
        return None
    for name, path in (
        *(("--network-cafile", args.network_cafile), ("--network-certfile", own[0])),
        ("--network-keyfile", own[1]),
    ):
        if path is not None and not path.is_file():
            raise UsageError(f"{name}: {path}: no such file")
    try:
        context = ssl.create_default_context(cafile=args.network_cafile)
        if own[0]:
            context.load_cert_chain(*own)
    except OSError as error:  # of which those of TLS are some
        raise UsageError(f"--network-cafile, --network-certfile: {error}") from None
    return context


def topic_of(args: argparse.Namespace) -> str:
    """What to subscribe to there."""
    if args.topic:
        return str(args.topic)
    if args.server == "chirpstack":
        return bridge.CHIRPSTACK
    if not args.network_username:
        raise UsageError(
            "--network-username: expected APPLICATION@TENANT, as The Things Stack has it"
        )
    return bridge.things_stack(args.network_username)


def _lorawan(args: argparse.Namespace) -> int:
    boards, network, topic = broker_of(args), network_of(args), topic_of(args)
    if (boards.host, boards.port, boards.client_id) == (
        *(network.host, network.port),
        network.client_id,
    ):
        raise UsageError("--network-client-id: expected another name than --client-id")
    known = sensors.load(args.registry, registry.load(args.registry))
    counts = Counts()
    memory = Memory(args.memory)
    translation = Translation(known, memory, counts)
    if args.listen:
        listen(address(args.listen, "--listen"), counts)
    bridge.Bridge(network, topic, boards, translation, counts).run()
    memory.close()
    told = ", ".join(f"{counts.frames[r]} {r}" for r in RESULTS)
    print(f"{len(known)} sensors; frames: {told}; {counts.lost} lost by their counters")
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "lorawan": _lorawan,
}
