"""What a page of another origin can do with the endpoint, in a real Chromium."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.aws.over_http import AwsDouble
from tests.aws.over_http.behaviours import RestApiInflates
from tests.tools.browser import Site, chromium, fetched, require_browser
from tests.tools.local_deployment import LocalDeployment, deployed

pytestmark = [pytest.mark.browser, pytest.mark.local, pytest.mark.slow, pytest.mark.xdist_group("browser")]

# Two failures in a row make the printed client pause for up to 18 s.
SECONDS_TO_ARRIVE = 45.0


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    require_browser()
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The operator's own site."""
    opened = Site()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def foreign_site() -> Iterator[Site]:
    """A site that the operator knows nothing of."""
    opened = Site()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def deployment(driver: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalDeployment]:
    """With the documented CORS settings, and beacons."""
    yield from deployed(tmp_path_factory, "--allow-beacon")


@pytest.fixture(scope="module")
def restricted(
    driver: Any, site: Site, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalDeployment]:
    """Only the operator's own site may send events."""
    yield from deployed(tmp_path_factory, "--cors-origins", site.origin)


@pytest.fixture
def name() -> str:
    """An event name that no other test sends."""
    return f"event-{uuid.uuid4().hex}"


def stored(deployment: LocalDeployment, name: str) -> list[dict[str, Any]]:
    return [event for event in deployment.events() if event["event_name"] == name]


def arrived(
    deployment: LocalDeployment, name: str, enough: Callable[[list[dict[str, Any]]], object]
) -> list[dict[str, Any]]:
    """The stored events of that name, as soon as there are enough of them."""
    deadline = time.monotonic() + SECONDS_TO_ARRIVE
    while not enough(found := stored(deployment, name)):
        assert time.monotonic() < deadline, (
            f"after {SECONDS_TO_ARRIVE:.0f} s only {len(found)} events arrived"
        )
        time.sleep(0.2)
    return found


def post(driver: Any, deployment: LocalDeployment, name: str, token: str | None = None) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", "X-Auth-Token": token or deployment.token}
    body = json.dumps({"event_name": name})
    return fetched(driver, deployment.url, method="POST", headers=headers, body=body)


def snippet_page(site: Site, deployment: LocalDeployment, *flags: str, before: str = "") -> str:
    """A page with the printed client exactly as printed; only the token was set before it."""
    printed = deployment.run("snippet", "javascript", *flags).stdout
    token = f"globalThis.EVENTTRACK_TOKEN = {json.dumps(deployment.token)};"
    return site.page(uuid.uuid4().hex, f"{before}\n{token}\n{printed}\nglobalThis.track = eventtrack;")


def test_a_page_of_another_origin_sends_an_event_and_reads_the_answer(
    driver: Any, site: Site, deployment: LocalDeployment, name: str
) -> None:
    driver.get(site.page("plain", ""))

    answer = post(driver, deployment, name)

    assert answer["status"] == 200
    assert json.loads(answer["body"])["events_count"] == 1
    assert answer["request_id"], "the page must see under which id its events are stored"
    assert len(stored(deployment, name)) == 1


COMPRESSED = """
    const [url, token, text, done] = arguments;
    const zipped = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    new Response(zipped).blob()
      .then((body) => fetch(url, {
        method: "POST",
        headers: { "X-Auth-Token": token, "Content-Encoding": "gzip" },
        body,
      }))
      .then(async (answer) => done([answer.status, await answer.text()]))
      .catch((error) => done([0, String(error)]));
"""


def test_a_page_may_compress_its_events_where_the_gateway_inflates_them_as_aws_does(
    driver: Any, site: Site, deployment: LocalDeployment, name: str
) -> None:
    driver.get(site.page("plain", ""))
    text = json.dumps([{"event_name": name, "n": n} for n in range(500)])
    emulator = urlsplit(deployment.url)._replace(path="").geturl()

    with AwsDouble(emulator, [RestApiInflates()]) as aws:
        url = deployment.url.replace(emulator, aws.url)
        status, body = driver.execute_async_script(COMPRESSED, url, deployment.token, text)
    locally = driver.execute_async_script(COMPRESSED, deployment.url, deployment.token, text)

    assert status == 200, body
    assert [event["n"] for event in stored(deployment, name)] == list(range(500))
    assert locally[0] == 400, "the local AWS inflates nothing, and the README says so"
    assert "neither inflated" in locally[1]


def test_a_page_can_read_why_its_token_was_refused_because_a_bare_cors_error_tells_nothing(
    driver: Any, site: Site, deployment: LocalDeployment, name: str
) -> None:
    driver.get(site.page("plain", ""))

    answer = post(driver, deployment, name, token="not-the-right-token")

    assert answer["status"] == 401
    assert "Unauthorized" in answer["body"]
    assert stored(deployment, name) == []


def test_a_page_can_read_an_error_that_the_gateway_itself_makes(
    driver: Any, site: Site, deployment: LocalDeployment
) -> None:
    driver.get(site.page("plain", ""))

    answer = fetched(driver, f"{deployment.url}-misspelt", method="POST", body="{}")

    assert answer.get("status") == 403, answer
    assert "Missing Authentication Token" in answer["body"]


def test_a_beacon_with_the_token_in_its_body_is_stored_where_that_is_switched_on(
    driver: Any, site: Site, deployment: LocalDeployment, name: str
) -> None:
    driver.get(site.page("plain", ""))
    body = json.dumps({"token": deployment.token, "events": [{"event_name": name}]})

    taken = driver.execute_script("return navigator.sendBeacon(...arguments)", deployment.url, body)

    assert taken is True
    (event,) = arrived(deployment, name, bool)
    assert "token" not in event


def test_a_beacon_stores_nothing_where_that_is_switched_off(
    driver: Any, site: Site, restricted: LocalDeployment, name: str
) -> None:
    driver.get(site.page("plain", ""))
    body = json.dumps({"token": restricted.token, "events": [{"event_name": name}]})

    driver.execute_script("return navigator.sendBeacon(...arguments)", restricted.url, body)
    after = post(driver, restricted, f"{name}-after")

    assert after["status"] == 200, "the allowed origin is let in"
    time.sleep(0.5)
    assert stored(restricted, name) == []


def test_another_origin_than_the_allowed_one_is_stopped_by_the_browser_and_stores_nothing(
    driver: Any, foreign_site: Site, restricted: LocalDeployment, name: str
) -> None:
    driver.get(foreign_site.page("plain", ""))

    answer = post(driver, restricted, name)

    assert answer == {"error": "TypeError"}
    assert stored(restricted, name) == []


def test_the_printed_client_sends_in_batches_because_every_request_costs(
    driver: Any, site: Site, deployment: LocalDeployment, name: str
) -> None:
    driver.get(snippet_page(site, deployment))

    driver.execute_script("for (let i = 0; i < 120; i++) track({ event_name: arguments[0], n: i })", name)

    events = arrived(deployment, name, lambda found: len(found) >= 120)
    assert sorted(event["n"] for event in events) == list(range(120))
    assert len({event["event_id"] for event in events}) == 120
    objects = [events for events in deployment.stored().values() if events[0]["event_name"] == name]
    assert len(objects) <= 4


@pytest.mark.parametrize("flags", [(), ("--beacon",)], ids=["keepalive", "beacon"])
@pytest.mark.parametrize("leave", ["navigate", "close"])
def test_the_printed_client_sends_the_last_events_when_the_page_is_left(
    driver: Any, site: Site, deployment: LocalDeployment, name: str, leave: str, flags: tuple[str, ...]
) -> None:
    home = driver.current_window_handle
    driver.switch_to.new_window("tab")
    driver.get(snippet_page(site, deployment, *flags))

    driver.execute_script("track({ event_name: arguments[0] }); track({ event_name: arguments[0] })", name)
    if leave == "navigate":
        driver.get(site.page("elsewhere", ""))
    driver.close()
    driver.switch_to.window(home)

    assert len(arrived(deployment, name, lambda found: len(found) >= 2)) == 2


def test_the_printed_client_keeps_events_that_were_not_taken_and_sends_them_later(
    driver: Any, site: Site, deployment: LocalDeployment, name: str
) -> None:
    busy_once = """
        const real = fetch;
        const offline = () => Promise.reject(new TypeError("offline"));
        const busy = () => Promise.resolve(new Response("", { status: 503 }));
        const faults = [offline, busy];
        globalThis.fetch = (...call) => (faults.shift() ?? real)(...call);
    """
    driver.get(snippet_page(site, deployment, before=busy_once))

    driver.execute_script("for (let i = 0; i < 60; i++) track({ event_name: arguments[0], n: i })", name)

    events = arrived(deployment, name, lambda found: len(found) >= 60)
    assert sorted(event["n"] for event in events) == list(range(60))


def test_the_printed_client_never_has_more_on_the_way_than_browsers_let_outlive_a_page_and_loses_nothing(
    driver: Any, site: Site, deployment: LocalDeployment, name: str
) -> None:
    counting = """
        const real = fetch;
        let now = 0;
        globalThis.most = 0;
        globalThis.fetch = (url, options) => {
          const bytes = options.keepalive ? options.body.length : 0;
          globalThis.most = Math.max(globalThis.most, now += bytes);
          return real(url, options).finally(() => { now -= bytes; });
        };
    """
    driver.get(snippet_page(site, deployment, before=counting))

    driver.execute_script(
        "for (let i = 0; i < 5; i++) track({ event_name: arguments[0], n: i, text: 'x'.repeat(25_000) });"
        "dispatchEvent(new Event('pagehide'))",
        name,
    )

    events = arrived(deployment, name, lambda found: len(found) >= 5)
    assert sorted(event["n"] for event in events) == list(range(5))
    assert 0 < driver.execute_script("return most") <= 64 * 1024


def test_the_printed_client_loses_only_the_bad_event_of_a_batch(
    driver: Any, site: Site, deployment: LocalDeployment, name: str
) -> None:
    too_deep = "globalThis.nested = () => JSON.parse('['.repeat(200) + ']'.repeat(200));"
    driver.get(snippet_page(site, deployment, before=too_deep))

    driver.execute_script(
        "track({ event_name: arguments[0], n: 1 }); track({ event_name: arguments[0], deep: nested() });"
        "track({ event_name: arguments[0], n: 2 })",
        name,
    )

    assert [event["n"] for event in arrived(deployment, name, lambda found: len(found) >= 2)] == [1, 2]
