"""Write accounts as documents, one module for each family of clients, and read requests that are documents."""
