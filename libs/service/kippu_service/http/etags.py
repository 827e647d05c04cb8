"""Entity tags: a stream's version, so that nobody overwrites what they have not seen (RFC 9110, 8.8.3 and 13.1)."""

import re

from kippu_service.problems import Problem, bad_header

_TAGS = re.compile(r'\s*(?:W/)?"[^"]{0,64}"\s*(?:,\s*(?:W/)?"[^"]{0,64}"\s*){0,15}')


def etag(version: int) -> dict[str, str]:
    """The header that names a version."""
    return {"ETag": f'"{version}"'}


def check_if_match(header: str, version: int) -> None:
    """Raises a 412 problem unless the header names this version (or is `*`, and the thing exists)."""
    if header.strip() == "*":
        matches = version > 0
    elif _TAGS.fullmatch(header):
        # A weak tag never matches here (strong comparison).
        matches = f'"{version}"' in [tag.strip() for tag in header.split(",")]
    else:
        raise bad_header("If-Match", "if_match_invalid", "send an ETag exactly as it was answered, or *")
    if not matches:
        raise Problem(412, "changed_meanwhile", "It has changed since you read it", headers=etag(version))


def is_unchanged(if_none_match: str | None, version: int) -> bool:
    """Whether a reader already has this version, so that 304 is the answer. A malformed header matches nothing."""
    if if_none_match is None or not _TAGS.fullmatch(if_none_match):
        return False
    return f'"{version}"' in [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
