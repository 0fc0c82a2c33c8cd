"""A set of object ids at eight bytes each, for histories too long to keep ids in memory as strings. Pure: no Git."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable

_DIGITS = 16
_BUCKETS = 256


class ObjectIds:
    """Stores the first 64 bits of each id in `listing`, which has one hexadecimal id per line and may have duplicates.

    With a million ids in the set, the probability that a different id is taken for one of them is 1 in 2^44. Callers
    must tolerate that: a change remains settled, or an unreachable object is kept.
    """

    def __init__(self, listing: Iterable[bytes]) -> None:
        buckets = [array("Q") for _ in range(_BUCKETS)]
        for line in listing:
            number = int(line[:_DIGITS], 16)
            buckets[number >> 56].append(number)
        for index, bucket in enumerate(buckets):  # One at a time: sorting takes five times the memory of a bucket.
            buckets[index] = array("Q", sorted(set(bucket)))
        self._buckets = buckets

    def __len__(self) -> int:
        return sum(map(len, self._buckets))

    def __contains__(self, oid: object) -> bool:
        number = int(str(oid)[:_DIGITS], 16)
        bucket = self._buckets[number >> 56]
        index = bisect_left(bucket, number)
        return index < len(bucket) and bucket[index] == number
