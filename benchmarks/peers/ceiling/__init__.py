"""What the load generator could do."""
