"""What stands on every page and file with a figure of a scale that is not verified for trade."""

DISCLAIMER = "管理数据，非贸易结算用"
