"""What both searches put where a server could: keys that are looked for, odd values."""

from __future__ import annotations

KEYS = (
    *("choices", "text", "index", "finish_reason", "model", "engine", "name"),
    *("metadata", "token", "base_url", "expires_at", "headers", "model_details"),
    *("model_provider", "model_name", "model_metadata", "delta", "content"),
    *("provider", "feature_setting", "identifier"),
    *("X-Gitlab-Version", "X-Gitlab-Realm", "X-Odd"),
    *("data", "errors", "version", "featureFlags", "enabled", "f0", "f1"),
    *("currentUser", "project", "duoCodeSuggestionsAvailable", "duoFeaturesEnabled"),
    *("error", "error_code", "error_description", "detail", "message", "", "\ud800"),
)
"""What the decoders look for, so that arbitrary JSON reaches them."""
HEADERS = (
    *("content-type: text/html\n", "retry-after: 1e9\n", "retry-after: -5\n"),
    *("x-request-id: a\n", "x-gitlab-error-origin: monolith\n", "date: Mon, 05 Oct\n"),
    *("401\n", "402\n", "403\n", "404\n", "422\n", "429\n", "500\n", "511\n", "\n\n"),
)
"""Parts of an answer's head, as `answers.py` writes it."""
ODD = (
    *("null", "true", "NaN", "Infinity", "-Infinity", "1e999", "-0", "0.1e-400"),
    *("9" * 400, "-" + "9" * 5000, '""', '"\\u0000"', '"\\ud83d"', '"\\udc00 \\ud83d"'),
    *('"\\u202e\\u001b[31m"', '"\U0001f600\\ud800"', "\ufeff{}"),
    *('"' + "x" * 5000 + '"', '"' + "x" * 40 + '"'),
    *("[" * 500 + "]" * 500, '{"a":' * 300 + "0" + "}" * 300, '"https://a"', '"17.4"'),
    *("[" * 2000, "[{}]", "[[]]", '[{"text":"a"},{"text":null}]', "01", "'a'", "{,}"),
)
"""JSON values, and some that only look so."""
