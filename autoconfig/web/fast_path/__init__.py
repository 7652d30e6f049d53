"""Answer common requests in front of Starlette, with the same bytes as the endpoints."""
