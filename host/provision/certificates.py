"""Keys and certificates: one authority, its revocation list, brokers and clients.

PEM for mosquitto and the host job, DER for the boards. EC P-256 by default: a board verifies
and signs it faster than RSA, and its files are smaller.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from . import files

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
UTC = dt.UTC
YEARS_OF_AUTHORITY, YEARS = 20, 10


def new_key(kind: str = "ec") -> Key:
    """`ec` (P-256) or `rsa` (2048 bits)."""
    if kind == "rsa":
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Identity:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    def save_pem(self, folder: Path, name: str) -> None:
        """NAME.key and NAME.pem; the key first, so that a certificate always has one."""
        self._save(folder, Encoding.PEM, f"{name}.key", f"{name}.pem")

    def save_der(self, folder: Path, name: str) -> None:
        """NAME.key.der and NAME.der."""
        self._save(folder, Encoding.DER, f"{name}.key.der", f"{name}.der")

    def save(self, folder: Path, name: str) -> None:
        self.save_pem(folder, name)
        self.save_der(folder, name)

    def _save(self, folder: Path, encoding: Encoding, key: str, certificate: str) -> None:
        files.folder(folder)
        # The traditional form is what every Mbed TLS reads.
        secret = self.key.private_bytes(encoding, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        files.write(folder / key, secret, files.SECRET)
        files.write(folder / certificate, self.certificate.public_bytes(encoding), files.PUBLIC)


def load(folder: Path, name: str, form: str) -> Identity | None:
    """The files of save_pem or save_der (form `pem` or `der`); None where one is missing or
    they do not belong together."""
    der = form == "der"
    secret = files.read(folder / f"{name}.{'key.der' if der else 'key'}")
    public = files.read(folder / f"{name}.{form}")
    if secret is None or public is None:
        return None
    try:
        key = (load_der_private_key if der else load_pem_private_key)(secret, None)
        certificate = (x509.load_der_x509_certificate if der else x509.load_pem_x509_certificate)(
            public
        )
    except ValueError:
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        return None
    if key.public_key() != certificate.public_key():
        return None  # cut between the one file and the other
    return Identity(certificate, key)


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


_CA_USE = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """Signs certificates, valid from `start` to `end` by default."""

    def __init__(
        self,
        name: str = "qingyun authority",
        *,
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
        kind: str = "ec",
        identity: Identity | None = None,
    ) -> None:
        now = dt.datetime.now(UTC).replace(microsecond=0)
        self.start = start or now - dt.timedelta(days=1)
        self.end = end or now + dt.timedelta(days=365 * YEARS)
        self.kind = kind
        self.identity = identity or self._new(
            name, now + dt.timedelta(days=365 * YEARS_OF_AUTHORITY)
        )

    def _new(self, name: str, end: dt.datetime) -> Identity:
        key = new_key(self.kind)
        builder = _builder(name, _name(name), key, self.start, max(end, self.end))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        builder = builder.add_extension(_CA_USE, True)
        public = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(public, False)
        return Identity(builder.sign(key, hashes.SHA256()), key)

    def _by(self) -> x509.AuthorityKeyIdentifier:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(self.identity.key.public_key())

    def sign(
        self,
        common: str,
        *,
        names: tuple[str, ...] = (),
        start: dt.datetime | None = None,
        end: dt.datetime | None = None,
        kind: str | None = None,
        calls: bool = False,
    ) -> Identity:
        """A client (no names), or a server that answers to `names` (host names or addresses);
        calls: one that is a client too."""
        key = new_key(kind or self.kind)
        usages = [ExtendedKeyUsageOID.SERVER_AUTH] if names else []
        usages += [ExtendedKeyUsageOID.CLIENT_AUTH] if calls or not names else []
        issuer = self.identity.certificate.subject
        builder = _builder(common, issuer, key, start or self.start, end or self.end)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), False)
        builder = builder.add_extension(self._by(), False)
        if names:
            alternative = x509.SubjectAlternativeName([_alternative(n) for n in names])
            builder = builder.add_extension(alternative, False)
        return Identity(builder.sign(self.identity.key, hashes.SHA256()), key)

    def signed(self, certificate: x509.Certificate) -> bool:
        """Whether this authority signed the certificate."""
        try:
            certificate.verify_directly_issued_by(self.identity.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def revoke(self, revoked: dict[int, dt.datetime], number: int) -> bytes:
        """The revocation list as PEM. It is valid as long as the authority, because a broker
        with an expired list refuses every client."""
        now = dt.datetime.now(UTC).replace(microsecond=0)
        end = self.identity.certificate.not_valid_after_utc
        issuer = self.identity.certificate.subject
        builder = x509.CertificateRevocationListBuilder(issuer).last_update(now).next_update(end)
        builder = builder.add_extension(x509.CRLNumber(number), False)
        builder = builder.add_extension(self._by(), False)
        for serial, when in sorted(revoked.items()):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(when)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.identity.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def revoked_in(pem: bytes) -> tuple[dict[int, dt.datetime], int]:
    """serial number → date of revocation, and the number of the list; ValueError for other
    bytes."""
    crl = x509.load_pem_x509_crl(pem)
    number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    return {r.serial_number: r.revocation_date_utc for r in crl}, number


def names_of(certificate: x509.Certificate) -> set[str]:
    """Host names and addresses of a server's certificate."""
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return {str(n.value) for n in extension.value}


def make(folder: Path, broker: str, clients: list[str]) -> Authority:
    """Make a small fleet at once: ca, broker, and files for each client."""
    authority = Authority()
    authority.identity.save(folder, "ca")
    authority.sign(broker, names=(broker,)).save(folder, "broker")
    for name in clients:
        authority.sign(name).save(folder, name)
    files.write(folder / "crl.pem", authority.revoke({}, 0), files.PUBLIC)
    return authority
