"""The server's processes: sockets, uvicorn and its workers, connections, and what systemd is told of them."""
