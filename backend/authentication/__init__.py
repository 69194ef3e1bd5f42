"""Who is calling: accounts' way in, sessions, tokens, the bearer check."""
