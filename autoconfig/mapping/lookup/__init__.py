"""A table of another program as the mapping: an operator's query, and what becomes of its rows."""
