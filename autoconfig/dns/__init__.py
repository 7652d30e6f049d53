"""Asks the DNS. It publishes nothing."""
