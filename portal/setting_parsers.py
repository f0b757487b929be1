"""What a setting is made of: its field, and the parsers of the texts of variables.

A parser takes the text of one variable and returns its value; it raises ValueError whose message
completes the sentence «the value …».
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib.util
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

Parser = Callable[[str], Any]
FOLDER = "folder"


def setting(
    meaning: str, default: Any, parse: Parser, *, unit: str = "", default_text: str = ""
) -> Any:
    """One field of `Settings`, with all a reader of the configuration page needs.

    `default_text` replaces the default on that page where the real one depends on other settings.
    """
    metadata = {"meaning": meaning, "unit": unit, "parse": parse, "default_text": default_text}
    return dataclasses.field(default=default, metadata=metadata)


def whole(minimum: int, maximum: int) -> Parser:
    """Parser of a whole number within bounds, both included."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"-?\d+", text):
            raise ValueError("must be a whole number")
        if not minimum <= int(text) <= maximum:
            raise ValueError(f"must be between {minimum} and {maximum}")
        return int(text)

    return parse


def seconds(minimum: float, maximum: float) -> Parser:
    """Parser of a number of seconds within bounds, fractions allowed."""

    def parse(text: str) -> float:
        if not re.fullmatch(r"\d+(\.\d+)?", text):
            raise ValueError("must be a number of seconds")
        if not minimum <= float(text) <= maximum:
            raise ValueError(f"must be between {minimum:g} and {maximum:g} seconds")
        return float(text)

    return parse


def size(text: str) -> int:
    """Parse a number of bytes, plain or with KiB, MiB, GiB, TiB: `2147483648` or `2GiB`."""
    match = re.fullmatch(r"(\d+)\s*(|[KMGT]iB)", text)
    if match is None:
        raise ValueError("must be a number of bytes, such as 2147483648, 512MiB or 2GiB")
    power = ("", "KiB", "MiB", "GiB", "TiB").index(match[2])
    return int(match[1]) << (10 * power)


def yes_or_no(text: str) -> bool:
    """Parse a switch."""
    if text.lower() in ("1", "true", "yes", "on"):
        return True
    if text.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError("must be yes or no")


def folder(text: str) -> Path:
    """Parse a folder; `~` is the home of the user who starts the portal, the result is absolute."""
    try:
        return Path(os.path.abspath(Path(text).expanduser()))
    except RuntimeError as error:
        raise ValueError("must be a folder, and begins with a user unknown here") from error


def store(text: str) -> str:
    """Parse the place of the original files: `s3://bucket/prefix` or a folder."""
    address = urlsplit(text)
    if address.scheme == "s3" and address.netloc:
        return text
    if "://" in text:
        raise ValueError("must be a folder or s3://bucket/prefix")
    return str(folder(text))


def one_of(*choices: str) -> Parser:
    """Parser of one word out of several."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return parse


def url(*schemes: str, word: str | None = None) -> Parser:
    """Parser of an address with one of these schemes, or of the one word that stands for none."""

    def parse(text: str) -> str:
        if text == word or urlsplit(text).scheme in schemes:
            return text
        starts = ", ".join(f"{scheme}://" for scheme in schemes)
        alternative = f" or be the word {word}" if word else ""
        raise ValueError(f"must start with {starts}{alternative}")

    return parse


def index_place(text: str) -> str:
    """Parse where the index stands: the word `folder`, or a Milvus server if its client is here."""
    scheme = urlsplit(text).scheme
    if text == FOLDER:
        return text
    if scheme not in {"milvus+http", "milvus+https", "milvus+file"}:
        raise ValueError(f"must start with milvus+http:// or milvus+https:// or be {FOLDER}")
    if importlib.util.find_spec("pymilvus") is None:
        raise ValueError("needs a package: `pip install 'handover-portal[milvus]'`")
    return text


def time_zone(text: str) -> str:
    """Parse the name of a time zone known on this machine."""
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError("is no time zone known here, such as Asia/Shanghai") from error
    return text


def secret(text: str) -> str:
    """Parse a signing key of 32 characters or more: shorter ones can be guessed from a cookie."""
    if len(text) < 32:
        raise ValueError("must have at least 32 characters")
    return text


def unknown(key: str, known: list[str]) -> str:
    """Return what to say about a variable there is not, with the one that may be meant."""
    near = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "`handover settings` lists those there are."
    return f"there is no such setting; {hint}"


def without_password(address: str) -> str:
    """The address with its password replaced, for screens and logs."""
    parts = urlsplit(address)
    if parts.password is None:
        return address
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":***@")))
