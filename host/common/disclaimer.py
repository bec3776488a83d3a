"""The line on every page and file with figures of scales that are not verified for trade."""

DISCLAIMER = "管理数据，非贸易结算用"
