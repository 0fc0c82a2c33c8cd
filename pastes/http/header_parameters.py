"""Parses header values with parameters, such as `text/plain; charset=utf-8`, from untrusted input."""

from django.utils.http import parse_header_parameters


def parse(line: str) -> tuple[str, dict[str, str]]:
    """Return the value in lower case and its parameters. Raises ValueError for malformed parameters."""
    try:
        parsed: tuple[str, dict[str, str]] = parse_header_parameters(line)
    except TypeError:  # email.message compares a parameter's part number with None.
        raise ValueError("a parameter is given whole and in parts") from None
    return parsed
