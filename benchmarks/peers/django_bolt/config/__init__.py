"""How the project is configured."""
