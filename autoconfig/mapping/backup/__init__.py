"""Backup, restore, and copy of the whole history into another database."""
