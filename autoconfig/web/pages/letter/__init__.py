"""The letter that the provider's staff send to a customer: his values, the steps of his program, and his page."""
