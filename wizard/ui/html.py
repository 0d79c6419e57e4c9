"""HTML that holds what strangers sent: every text is escaped where it is written, not by who writes it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import Element, tostring

from wizard.ui.text import visible

Content = Element | str


def element(tag: str, *content: Content, **attributes: object) -> Element:
    """An element with texts and other elements in it.

    Args:
        attributes: without the underscore at their ends; those in between are hyphens.
    """
    made = Element(tag, {_named(name): visible(str(value)) for name, value in attributes.items()})
    for part in content:
        _append(made, part)
    return made


def _named(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _append(parent: Element, part: Content) -> None:
    if isinstance(part, Element):
        parent.append(part)
    elif len(parent):
        parent[-1].tail = (parent[-1].tail or "") + visible(part)
    else:
        parent.text = (parent.text or "") + visible(part)


def table(heads: Iterable[str], rows: Iterable[Iterable[Content]]) -> Element:
    """A table; each cell knows its column's head, for screens on which there is no room for columns.

    A head that begins with `#` is that of numbers.
    """
    columns = [
        (head.removeprefix("#"), {"class": "number"} if head.startswith("#") else {}) for head in heads
    ]
    top = element("tr", *(element("th", head, scope="col", **look) for head, look in columns))
    lines = (
        element("tr", *(_cell(head, look, cell) for (head, look), cell in zip(columns, row, strict=True)))
        for row in rows
    )
    return element("table", element("thead", top), element("tbody", *lines))


def _cell(head: str, look: Mapping[str, str], content: Content) -> Element:
    return element("td", content, data_head=head, **look)


def document(title: str, style: str, *body: Content) -> str:
    """A page that loads nothing, runs nothing and sends nothing, whatever stands in it.

    Args:
        style: CSS of ours.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    look = Element("style")
    look.text = style
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=allowed),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="robots", content="noindex"),
        element("title", title),
        look,
    )
    page = element("html", head, element("body", *body), lang="en")
    return f"<!doctype html>\n{tostring(page, encoding='unicode', method='html')}\n"
