"""Check one domain in a process of its own: at most one at a time on a machine."""
