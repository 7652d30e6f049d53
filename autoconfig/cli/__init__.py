"""The command `autoconfig`."""
