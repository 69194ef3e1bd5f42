"""What happened to an account. It knows users by their ids only."""
