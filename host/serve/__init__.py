"""`qingyun serve`: what operators look at, as pages and as JSON, live."""
