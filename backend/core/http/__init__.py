"""What stands around every request: the middleware, who calls, strict JSON, headers, pages."""
