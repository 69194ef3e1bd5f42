"""The kernel: what every app needs and no app owns. It imports nothing from ``backend``."""
