"""The one large buffer, allocated before anything else, while the heap is in one piece.

main imports this first. What goes out is put together in it: PAYLOAD is the end of PACKETS,
so that readings written there need no copy; before it there is room for the head of their
packet."""

from micropython import const

HEAD = const(144)  # a topic has 122 bytes at most, what stands around it 11
PACKETS = bytearray(144 + 1600)  # net.bounded_socket: what goes out next
PAYLOAD = memoryview(PACKETS)[144:]  # net.link: readings as JSON, one message
