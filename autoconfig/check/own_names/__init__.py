"""The names that lead mail programs to this server, asked as the programs ask them."""
