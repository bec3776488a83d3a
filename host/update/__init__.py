"""Updates of the boards' firmware over the air: signed bundles, and waves across a fleet."""

BOARDS = ("esp32", "sim")  # what a bundle is compiled for
KEY_SIZES = (2048, 3072)  # bits of the RSA key that signs it
