"""What has changed between two OpenAPI documents, and which of it breaks clients.

A change breaks a client that was written, or generated, from the older document: something is gone,
a request that was right is refused, or an answer holds what was never promised. docs/versions.md
has the rules in words.
"""

from backend.api.changes.change import Change
from backend.api.changes.operations import compare
from backend.api.changes.written import EMPTY, faults, read

__all__ = ["EMPTY", "Change", "compare", "faults", "read"]
