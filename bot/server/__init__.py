"""The doors for HTTP: webhooks, pages, health and metrics. They verify, parse, record and answer; they do no work.

`wiring` makes `app.create_app(Dependencies(…))` and runs it on a `serve.Server`. Importing this imports no Flask.
"""
