"""The forge's pages, used as a browser does."""

import html
import re
from urllib.parse import urljoin

import requests

FIELD = re.compile(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"')
ACTION = re.compile(r'<form method="post" action="([^"]*)"')


def submit(page: requests.Response, **typed: str) -> requests.Response:
    """Press the page's button, as a browser does, and follow where it leads."""
    fields = {name: html.unescape(value) for name, value in FIELD.findall(page.text)}
    [action] = ACTION.findall(page.text)
    return requests.post(urljoin(page.url, html.unescape(action)), data=fields | typed, timeout=30)
