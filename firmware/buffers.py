"""The few large buffers, allocated before anything else, while the heap is in one piece.

main imports this first. Each has one owner."""

PAYLOAD = bytearray(1600)  # net.link: readings as JSON, one message
PACKETS = bytearray(1800)  # net.bounded_socket: what goes out next
