"""The support desk: what the provider's staff see about an address, in the browser and as a command."""
