"""What the service writes to people: texts, layout, delivery."""
