"""Everything that stands in an account, taken and put back, so that one can try what would happen."""

from __future__ import annotations

import io
import pickle
from collections import defaultdict
from collections.abc import Iterator
from types import FunctionType
from typing import Any
from weakref import WeakValueDictionary

from moto.awslambda_simple.models import lambda_simple_backends
from moto.backends import get_backend
from moto.core.base_backend import BaseBackend
from moto.s3.models import s3_backends

from tests.aws.names import ACCOUNT_ID

SERVICES = ("s3", "iam", "logs", "apigateway", "sns", "cloudwatch", "firehose", "glue", "athena")
Place = tuple[str, str]
"""A service and a region, or what moto has for one."""


def take_world() -> bytes:
    """What stands in moto."""
    backends = dict(_backends())
    places = {id(backend): place for place, backend in backends.items()}
    content = io.BytesIO()
    pickler = _Pickler(content, pickle.HIGHEST_PROTOCOL)
    pickler.places = places
    state = {place: backend.__dict__ for place, backend in backends.items()}
    pickler.dump((state, s3_backends.bucket_accounts))
    return content.getvalue()


def put_world_back(world: bytes) -> None:
    """Let stand what stood when it was taken, and nothing else."""
    backends = dict(_backends())
    unpickler = _Unpickler(io.BytesIO(world))
    unpickler.backends = backends
    state, bucket_accounts = unpickler.load()
    s3_backends.bucket_accounts = bucket_accounts
    for place, backend in backends.items():
        if place in state:
            backend.__dict__.clear()
            backend.__dict__.update(state[place])
        else:
            backend.reset()


def _backends() -> Iterator[tuple[Place, BaseBackend]]:
    """Those that have been used so far."""
    for service in SERVICES:
        for region, backend in get_backend(service)[ACCOUNT_ID].items():  # type: ignore[call-overload]
            yield (service, region), backend
    for region, backend in lambda_simple_backends[ACCOUNT_ID].items():
        yield ("lambda", region), backend


class _Pickler(pickle.Pickler):
    """Backends that something refers to stay the ones that they are."""

    places: dict[int, Place]

    def persistent_id(self, item: object) -> Place | None:
        return self.places.get(id(item)) if isinstance(item, BaseBackend) else None

    def reducer_override(self, item: object) -> Any:
        if isinstance(item, WeakValueDictionary):
            return WeakValueDictionary, (dict(item),)
        if isinstance(item, defaultdict) and isinstance(item.default_factory, FunctionType):
            # A lambda cannot be pickled; the class of what it makes can.
            return defaultdict, (type(item.default_factory()),), None, None, iter(item.items())
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    backends: dict[Place, BaseBackend]

    def persistent_load(self, place: Place) -> BaseBackend:
        return self.backends[place]
