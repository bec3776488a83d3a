"""The host job measured beside what people would use instead."""
