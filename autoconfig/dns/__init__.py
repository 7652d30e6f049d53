"""Ask the DNS. Nothing here publishes records."""
