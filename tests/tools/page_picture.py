"""The README's picture of a page: a real report of a local AWS, as Chromium shows it by day."""

from __future__ import annotations

import base64
import json
import math
import random
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.tools.browser import chromium
from tests.tools.local_deployment import LocalDeployment
from wizard.events import layout

FILE = "report.html"
COMMAND = ("report", "--html", FILE)
WIDTH = 900
# The picture ends where the section of this number does.
SECTIONS = 2
HOURS = 36
NAMES = {"page_view": 40, "click": 22, "search": 9, "signup": 4, "purchase": 2, "logout": 2}
CLIENTS = {"web": 6, "ios": 3, "backend": 1}
CLIP = """
    const end = document.querySelectorAll("section")[arguments[0] - 1].getBoundingClientRect().bottom;
    return Math.ceil(end + 12);
"""


def set_up_with_a_day(deployment: LocalDeployment) -> None:
    """A deployment with events of a day and a half, and some requests that were refused."""
    deployment.run("setup", "--local", "--yes", "--name", "shop", "--region", "us-east-1")
    dice, s3, now = random.Random(1), deployment.client("s3"), datetime.now(UTC)
    for hour in range(HOURS):
        for part in range(4):
            moment = now - timedelta(hours=hour, minutes=15 * part)
            busy = 1.2 - math.cos((moment.hour - 4) / 24 * 2 * math.pi)
            events = [_event(dice, moment) for _ in range(round(busy * dice.uniform(20, 45)))]
            s3.put_object(
                Bucket=deployment.bucket,
                Key=f"{layout.first_key(moment, moment)}_{hour:030x}{part:02x}.json",
                Body=json.dumps(events).encode(),
                Metadata={"client-label": dice.choices([*CLIENTS], [*CLIENTS.values()])[0]},
            )
    endpoint = deployment.endpoint()
    for number in range(9):
        endpoint.post({"event_name": "page_view"}, token="wrong")
        endpoint.post([{"event_name": "page_view"}, *([7] * (number % 3))])


def _event(dice: random.Random, moment: datetime) -> dict[str, object]:
    name = dice.choices([*NAMES], [*NAMES.values()])[0]
    properties = {"plan": dice.choice(("free", "pro")), "page": f"/p/{dice.randrange(90)}"}
    return {
        "event_name": name,
        "user_id": f"user_{dice.randrange(500)}",
        "properties": properties,
        "event_id": f"{dice.getrandbits(64):x}",
        "event_time": moment.isoformat(),
    }


def draw(deployment: LocalDeployment, picture: Path) -> None:
    """Run the command in the deployment's folder, and write down what its page looks like."""
    deployment.run(*COMMAND)
    with tempfile.TemporaryDirectory() as profile, chromium(Path(profile)) as driver:
        light = [{"name": "prefers-color-scheme", "value": "light"}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": light})
        size = {"width": WIDTH, "height": 2000, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        driver.get((deployment.folder / FILE).as_uri())
        clip = {"x": 0, "y": 0, "width": WIDTH, "height": driver.execute_script(CLIP, SECTIONS), "scale": 1}
        shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": clip})
    picture.write_bytes(base64.b64decode(shot["data"]))
