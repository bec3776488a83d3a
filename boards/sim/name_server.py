"""A name server on loopback that tells what this machine knows (RFC 1035)."""

import select
import socket

from udp_port import bound


class NameServer:
    """serve() answers what has come in; the board calls it while it waits."""

    def __init__(self):
        self._sock, self.port = bound()
        self._poll = select.poll()
        self._poll.register(self._sock, select.POLLIN)

    def serve(self, answers):
        """answers: False while it is silent, and hears nothing. True if it has answered."""
        for _ in self._poll.ipoll(0):
            question, peer = self._sock.recvfrom(512)
            if answers:
                self._sock.sendto(_answer(question), peer)
            return answers
        return False


def _answer(question):
    labels = []
    at = 12
    while question[at]:
        labels.append(question[at + 1 : at + 1 + question[at]].decode())
        at += 1 + question[at]
    try:
        ip = bytes(socket.getaddrinfo(".".join(labels), 0, socket.AF_INET)[0][-1])[4:8]
    except OSError:
        return question[:2] + b"\x81\x83" + question[4:]  # no such name
    head = question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0"
    return head + question[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + ip
