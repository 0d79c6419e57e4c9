"""A headless Chromium and pages for it, each served from an origin of its own on loopback."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

DEMAND = "EVENTTRACK_DEMAND_BROWSER"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)
PAGE = "<!doctype html><meta charset=utf-8><title>page</title><script>{script}</script>"


def _missing() -> str | None:
    """Why there can be no browser here; None when there can."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "selenium is not installed (extra `test`)"
    for programs in (("chromium", "chromium-browser", "google-chrome"), ("chromedriver",)):
        if not any(map(shutil.which, programs)):
            return f"{programs[0]} is not installed (Debian: apt-get install chromium chromium-driver)"
    return None


def require_browser() -> None:
    """Skip with the reason where there is no Chromium; fail where one is demanded."""
    reason = _missing()
    if reason is None:
        return
    if os.environ.get(DEMAND) == "1":
        pytest.fail(f"{DEMAND}=1, but {reason}")
    pytest.skip(reason)


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """A browser with the empty profile folder `profile`."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    )
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        driver.set_script_timeout(30)
        driver.set_page_load_timeout(30)
        yield driver
    finally:
        driver.quit()


class Site:
    """Pages of one origin; a page is the script that it runs. `asked` are the paths of all requests."""

    def __init__(self) -> None:
        scripts = self._scripts = {"/empty": ""}
        asked: list[str] = []
        self.asked = asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                script = scripts.get(self.path)
                body = PAGE.replace("{script}", script or "").encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def page(self, name: str, script: str) -> str:
        """The address of a page that runs the script."""
        self._scripts[f"/{name}"] = script
        return f"{self.origin}/{name}"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def fetched(driver: Any, url: str, **options: object) -> dict[str, Any]:
    """What a page's own script gets from `fetch`: status and body, or the name of the error."""
    result: dict[str, Any] = driver.execute_async_script(
        """
        const [url, options, done] = arguments;
        fetch(url, options)
          .then(async (answer) => done({
            status: answer.status,
            body: await answer.text(),
            request_id: answer.headers.get("X-Request-Id"),
          }))
          .catch((error) => done({ error: error.name }));
        """,
        url,
        options,
    )
    return result
