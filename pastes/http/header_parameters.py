"""Parse header values with parameters, such as `text/plain; charset=utf-8`, from untrusted input."""

from django.utils.http import parse_header_parameters


def parse(line: str) -> tuple[str, dict[str, str]]:
    """Return the lowercase value and its parameters. Raise ValueError if the parameters are malformed."""
    try:
        parsed: tuple[str, dict[str, str]] = parse_header_parameters(line)
    except TypeError:  # email.message compares the part number of a parameter with None.
        raise ValueError("a parameter is given both whole and in parts") from None
    return parsed
