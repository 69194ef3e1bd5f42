"""Argon2id so cheap that a test suite can hash a thousand passwords."""

from backend.users.passwords import Argon2idHasher


class CheapArgon2idHasher(Argon2idHasher):
    memory_cost = 8
    time_cost = 1
