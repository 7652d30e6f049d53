"""The whole history elsewhere: copies, replicas, backups, and how two are compared."""
