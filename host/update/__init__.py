"""Updates of the boards' firmware over the air: signed bundles, and waves across a fleet."""
