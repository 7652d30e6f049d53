"""Which plan a domain is on: an append-only table that requests read in place and commands write."""
