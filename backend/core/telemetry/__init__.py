"""What the service tells of itself: log lines, metrics, error reports; never a secret."""
