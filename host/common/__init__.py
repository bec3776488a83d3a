"""What every layer may use: errors, days, masses and times as text, files, terminals."""
