"""The composition root: mounts one router per app, finishes errors and schema for all."""
