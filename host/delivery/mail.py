"""E-mail: the rows that are due together in one letter, Chinese first. STARTTLS or TLS."""

from __future__ import annotations

import contextlib
import logging
import smtplib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path

from ..alarms import alarm_log
from . import Declined, Failed
from .bounded import bounded
from .wording import Wording

log = logging.getLogger("qingyun.deliver")

AT_ONCE = 100  # rows in a letter


@dataclass(frozen=True)
class Mail:
    """The mail server, the sender and the receivers. timeout_s bounds a whole delivery."""

    host: str
    port: int
    tls: str  # starttls, tls or none
    sender: str
    to: tuple[str, ...]
    username: str | None = None
    password: str | None = None
    cafile: Path | None = None
    timeout_s: float = 30.0
    wording: Wording = field(default_factory=Wording)

    def __call__(self, batch: Sequence[alarm_log.Row], name: str) -> None:
        """Hand a letter to the server; Failed or Declined when it does not accept it."""
        self.hand_in(letter(batch, self.sender, self.to, name, self.wording))

    def to_others(self, to: tuple[str, ...], wording: Wording) -> Mail:
        """The same sender to others."""
        return replace(self, to=to, wording=wording)

    def hand_in(self, made: EmailMessage) -> None:
        """Hand over a finished letter; Failed or Declined when the server does not accept it."""
        server: smtplib.SMTP | None = None
        where = f"{self.host}:{self.port}"
        try:
            context = ssl.create_default_context(cafile=self.cafile)
            me = socket.gethostname()
            if self.tls == "tls":
                server = smtplib.SMTP_SSL(
                    local_hostname=me, timeout=self.timeout_s, context=context
                )
            else:
                server = smtplib.SMTP(local_hostname=me, timeout=self.timeout_s)
            with bounded(self.timeout_s, lambda: server.sock if server else None):
                self._converse(server, context, made)
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
            raise _answered(where, error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise Failed(f"{where}: {error}") from error
        finally:
            if server is not None:
                server.close()

    def _converse(self, server: smtplib.SMTP, context: ssl.SSLContext, made: EmailMessage) -> None:
        # TLS checks this name. smtplib sets it only if its constructor connects, which would
        # happen before there is a socket that could be shut.
        server._host = self.host  # type: ignore[attr-defined]
        server.connect(self.host, self.port)
        if self.tls == "starttls":
            server.starttls(context=context)
        if self.username is not None:
            server.login(self.username, self.password or "")
        missed = server.send_message(made)
        for who, (code, _) in missed.items():  # the other receivers have it: not sent again
            log.error("email: %s:%d refused it for %s (%d)", self.host, self.port, who, code)
        with contextlib.suppress(OSError, smtplib.SMTPException):
            server.quit()


def _answered(where: str, error: smtplib.SMTPException) -> Failed:
    """The error of a server's reply: 5xx is permanent, 4xx is not (RFC 5321, 4.2.1)."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = {who: code for who, (code, _) in error.recipients.items()}
        kind = Declined if all(code >= 500 for code in codes.values()) else Failed
        return kind(f"{where}: refused for {', '.join(f'{w} ({c})' for w, c in codes.items())}")
    assert isinstance(error, smtplib.SMTPResponseException)
    text = error.smtp_error
    reply = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    kind = Declined if error.smtp_code >= 500 else Failed
    return kind(f"{where}: {error.smtp_code} {' '.join(reply.split())[:200]}")


def letter(
    batch: Sequence[alarm_log.Row], sender: str, to: Sequence[str], name: str, wording: Wording
) -> EmailMessage:
    """A letter about these rows; its Message-ID depends on the name alone."""
    made = EmailMessage()
    made["From"], made["To"] = sender, ", ".join(to)
    made["Subject"] = wording.subject(batch)
    made["Date"] = formatdate(batch[-1].t)
    made["Message-ID"] = f"<qingyun.{name}@{sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content("\n".join(_text(batch, wording)) + "\n管理数据，非贸易结算用\n")
    return made


def _text(batch: Sequence[alarm_log.Row], wording: Wording) -> list[str]:
    lines = []
    for told in wording.told(batch):
        lines += [told.said, *(f"    {fact}" for fact in told.facts)]
        if told.link:
            lines.append(f"    确认 / acknowledge: {told.link}")
    if wording.counts_only(batch) and wording.page:
        lines.append(f"全部 / all: {wording.link()}")
    return lines
