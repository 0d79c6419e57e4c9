"""Templates of deployments with and without options, for whoever looks at templates: no AWS is asked.

`python -m tests.tools.templates FOLDER` writes them as files; `.ci/run` has cfn-lint read those.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.aws.in_process.workspace import EVERY_OPTION, make_deployment
from tests.aws.names import ACCOUNT_ID
from wizard.aws.client import Aws
from wizard.aws.session import Keys, open_session
from wizard.clock import SystemClock
from wizard.export.cloudformation import template

EVERYTHING: dict[str, Any] = {
    **EVERY_OPTION,
    "tags": {"team": "web", "gone": None},
    "versioning": True,
    "encryption": "SSE-KMS",
    "reserved_concurrency": 3,
    "permissions_boundary": f"arn:aws:iam::{ACCOUNT_ID}:policy/edge",
    "cors_origins": ("https://a.example", "https://b.example"),
}


def unused_clients() -> Aws:
    """Clients of AWS itself that nothing is asked with."""
    return Aws(open_session(None, "us-east-1", Keys("a", "b")), None, SystemClock(), account=ACCOUNT_ID)


def main(folder: Path) -> None:
    """One file a template."""
    aws = unused_clients()
    for name, settings in {"defaults": {}, "everything": EVERYTHING}.items():
        at = make_deployment(aws, **settings)
        for with_bucket in (False, True):
            path = folder / f"{name}{'-with-bucket' if with_bucket else ''}.yaml"
            path.write_text(template(at, with_bucket=with_bucket), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
