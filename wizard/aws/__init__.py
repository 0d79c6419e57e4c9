"""AWS as a neighbour: clients, retries, what its answers mean, policies."""
