"""What every layer may use: errors, days, masses and clocks as text, files, terminals."""
