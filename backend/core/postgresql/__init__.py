"""Django's PostgreSQL backend with deadlines and a breaker: an outage never fills the threads."""
