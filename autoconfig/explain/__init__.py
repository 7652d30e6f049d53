"""What answers for an address, and why: the one source of `show`, `desk` and the desk's page."""
