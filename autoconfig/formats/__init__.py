"""Accounts as bytes, one module a client family, and the requests that come as documents."""
