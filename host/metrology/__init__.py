"""What legal metrology says of a scale."""
