"""What checks of all domains found: kept in a SQLite file of its own in `state_dir`."""
