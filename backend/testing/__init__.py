"""What tests are written with, those of this project and of apps built on it: docs/testing.md."""
