"""Which regions there are, as far as this version of botocore knows; AWS opens new ones now and then."""

from __future__ import annotations

import difflib

import boto3

# A service that is in every region.
EVERYWHERE = "lambda"


def known_regions(session: boto3.Session) -> frozenset[str]:
    """The names of all partitions' regions."""
    partitions = session.get_available_partitions()
    return frozenset(region for partition in partitions for region in regions_of(session, partition))


def regions_of(session: boto3.Session, partition: str) -> list[str]:
    """The names of a partition's regions, those among them that an account has not enabled."""
    return sorted(session.get_available_regions(EVERYWHERE, partition))


def check_known(region: str, known: frozenset[str]) -> None:
    """Refuse a region that is probably misspelled.

    Raises:
        ValueError: with a sentence that names the one that was probably meant.
    """
    if region in known:
        return
    close = difflib.get_close_matches(region, sorted(known), n=2, cutoff=0.75)
    meant = f"; did you mean {' or '.join(close)}?" if close else ""
    raise ValueError(f"no region {region} is known{meant}")
