"""A mail autoconfiguration server: an address or a host name in, the settings of the domain's plan out."""

__version__ = "0.1.0"
