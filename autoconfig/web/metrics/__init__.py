"""The counters of all workers, added up for Prometheus."""
