"""How good the forecast of bins is, on simulated districts and on two published series."""
