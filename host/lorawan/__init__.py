"""LoRaWAN sensors of others: what a network server hears of them, said as a board says it.

One process, `qingyun lorawan`, between the broker of a network server and that of the boards
(docs/lorawan.md, docs/decisions/0022-a-bridge-for-lorawan.md)."""
