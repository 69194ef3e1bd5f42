"""Finishes the OpenAPI document: what every operation can answer, refusals and headers included.

Ninja writes down what succeeds. Here each operation gets the parameters and refusals that its form
implies (a body can be too large, a private operation wants a token), those it declares with the
decorators of ``core.openapi``, and an example of everything.
"""

from backend.api.openapi.document import finish
from backend.api.openapi.info import DESCRIPTION, EXTRA, SERVERS

__all__ = ["DESCRIPTION", "EXTRA", "SERVERS", "finish"]
