"""Generated requests: what the document describes, what it forbids, and what nobody would send."""
