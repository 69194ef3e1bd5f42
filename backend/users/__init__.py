"""What a user is: identity, profile, password."""
