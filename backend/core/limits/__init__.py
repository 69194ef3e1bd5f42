"""Rate limits: who may ask how often, and the counters that tell."""
