"""Which plan a name is on: an append-only table, read in place for requests and written by the commands."""
