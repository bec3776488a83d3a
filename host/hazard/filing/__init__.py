"""申报: the reports and the plan that a unit files (HJ 1259-2022), filled from ledger and register.

What neither knows stays empty and is listed; nothing is guessed."""
