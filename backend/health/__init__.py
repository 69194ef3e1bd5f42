"""Can the service work: probes, their document, and the command that waits for the database."""
