"""Database servers that requests ask over a network: each engine's connection, and how several hosts are one source."""
