"""Keys and certificates of a fleet: one authority, one broker, one for each client.

python tools/certificates.py --out DIR --broker NAME [--client NAME]...

PEM for mosquitto and the host job, DER for the boards. EC P-256 unless told otherwise:
a board verifies and signs it faster than RSA, and its files are smaller.
"""

from __future__ import annotations

import argparse
import datetime as dt
import ipaddress
import sys
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
UTC = dt.UTC


def new_key(kind: str = "ec") -> Key:
    """`ec` (P-256) or `rsa` (2048 bits)."""
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Identity:
    """A certificate with its key; save() writes NAME.pem, NAME.key, NAME.der, NAME.key.der."""

    certificate: x509.Certificate
    key: Key

    def save(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.pem").write_bytes(self.certificate.public_bytes(Encoding.PEM))
        (folder / f"{name}.der").write_bytes(self.certificate.public_bytes(Encoding.DER))
        for suffix, encoding in (("key", Encoding.PEM), ("key.der", Encoding.DER)):
            # The traditional form is what every Mbed TLS reads.
            data = self.key.private_bytes(
                encoding, PrivateFormat.TraditionalOpenSSL, NoEncryption()
            )
            path = folder / f"{name}.{suffix}"
            path.touch(mode=0o600)
            path.write_bytes(data)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: str, issuer: x509.Name, key: Key, start: dt.datetime, end: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


class Authority:
    """Signs certificates; every one is valid from `start` to `end` unless told otherwise."""

    def __init__(
        self,
        name: str = "qingyun authority",
        *,
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
        kind: str = "ec",
    ) -> None:
        now = dt.datetime.now(UTC).replace(microsecond=0)
        self.start = start or now - dt.timedelta(days=1)
        self.end = end or now + dt.timedelta(days=3650)
        self.kind = kind
        key = new_key(kind)
        builder = _builder(name, _name(name), key, self.start, self.end)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        self.identity = Identity(builder.sign(key, hashes.SHA256()), key)

    def sign(
        self,
        common: str,
        *,
        names: tuple[str, ...] = (),
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
        kind: str | None = None,
    ) -> Identity:
        """A client (no names), or a server that answers to `names` (host names or addresses)."""
        key = new_key(kind or self.kind)
        usage = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
        issuer = self.identity.certificate.subject
        builder = _builder(common, issuer, key, start or self.start, end or self.end)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
        if names:
            alternative = x509.SubjectAlternativeName([_alternative(n) for n in names])
            builder = builder.add_extension(alternative, False)
        return Identity(builder.sign(self.identity.key, hashes.SHA256()), key)


def make(folder: Path, broker: str, clients: list[str]) -> Authority:
    """ca, broker and one file set for each client; the authority's key is `ca.key`."""
    authority = Authority()
    authority.identity.save(folder, "ca")
    authority.sign(broker, names=(broker,)).save(folder, "broker")
    for name in clients:
        authority.sign(name).save(folder, name)
    return authority


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--broker", required=True, help="name (or address) that boards connect to")
    parser.add_argument("--client", action="append", default=[], help="a device, or qingyun-host")
    args = parser.parse_args()
    if (args.out / "ca.key").exists():
        print(f"certificates: error: {args.out}/ca.key exists already", file=sys.stderr)
        return 2
    make(args.out, args.broker, args.client)
    return 0


if __name__ == "__main__":
    sys.exit(main())
