"""Made-up ids in the provider's shapes, drawn from a seeded random generator."""

from __future__ import annotations

import random

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(random_source: random.Random, length: int) -> str:
    """`length` random letters and digits."""
    return "".join(random_source.choices(BASE62, k=length))


def hexadecimal(number: int, length: int) -> str:
    """The low digits of a number, `length` of them."""
    return f"{number % 16**length:0{length}x}"


def in_base62(number: int, length: int) -> str:
    """A number as exactly `length` letters and digits, low digits last."""
    letters = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        letters = BASE62[digit] + letters
    return letters
