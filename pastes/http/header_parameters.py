"""Header lines with parameters (`text/plain; charset=utf-8`), in which callers may write what they like."""

from django.utils.http import parse_header_parameters


def of(line: str) -> tuple[str, dict[str, str]]:
    """Return what stands before the parameters, in lower case, and the parameters. Raises ValueError for nonsense."""
    try:
        found: tuple[str, dict[str, str]] = parse_header_parameters(line)
    except TypeError:  # Python's parser compares the number of a parameter's part with the lack of one.
        raise ValueError("a parameter is given whole and in parts") from None
    return found
