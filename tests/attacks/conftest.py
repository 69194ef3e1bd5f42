"""What the attacks share."""

from tests.figures import held

__all__ = ["held"]
