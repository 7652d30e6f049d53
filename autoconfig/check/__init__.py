"""Compare the real world with the documents, and report findings with remedies."""
