"""What an unquoted YAML scalar means: as Helm reads values, YAML 1.1 without dates and base-60 numbers.

`2026-01-31` and `12:30` stay text here, because JSON (which Helm is given) knows neither.
"""

from __future__ import annotations

import math
import re

from devenv.spec.yaml.positions import Scalar

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})
_FALSE = frozenset({"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|0b[01_]+|0o?[0-7_]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DIGITS = 40
"""No number that JSON readers keep exactly is longer."""
_LARGEST = 2**63
_OCTAL = re.compile(r"([-+]?)0o?([0-7_]+)")


class NotJsonError(ValueError):
    """The number cannot be written in JSON."""


def scalar(text: str) -> Scalar:
    """The value of an unquoted scalar.

    Raises:
        NotJsonError: infinite, not a number, or an integer beyond 64 bits.
    """
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _NOT_JSON.fullmatch(text):
        raise NotJsonError(text)
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if _FLOAT.fullmatch(text):
        number = float(text.replace("_", ""))
        if math.isinf(number):
            raise NotJsonError(text)
        return number
    return text


def _integer(text: str) -> Scalar:
    digits = text.replace("_", "")
    if len(digits) > _DIGITS:
        raise NotJsonError(text[:_DIGITS])
    octal = _OCTAL.fullmatch(digits)
    try:
        number = int(octal[1] + octal[2], 8) if octal else int(digits, 0)
    except ValueError:  # `0x_` and the like are text
        return text
    if not -_LARGEST <= number < 2 * _LARGEST:
        raise NotJsonError(text)
    return number
