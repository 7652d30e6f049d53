"""Keep a local copy of a server's table up to date."""
