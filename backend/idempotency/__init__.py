"""One effect per ``Idempotency-Key``, however often a request is repeated."""
