"""The doors for HTTP: webhooks, pages, health and metrics. They verify, parse, record and answer; they do no work.

`wiring` makes `app.app(Doors(…))` and runs it on a `serve.Server`. Importing this package imports no web framework.
"""
