"""The server's processes: sockets, uvicorn and its workers, connections, reports to systemd."""
