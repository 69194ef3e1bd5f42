"""One module per environment; ``project.env.choose_settings`` picks it."""
