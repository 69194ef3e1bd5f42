"""What is left when there is no framework."""
