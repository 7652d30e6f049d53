"""`make release`: what must hold before a release, and what it consists of."""
