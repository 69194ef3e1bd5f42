"""Passwords."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class OwaspArgon2(Argon2PasswordHasher):
    """Argon2id with the parameters of all the others."""

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1
