"""GitLab's schema of the context of an event, as protocol.md section 9 has it."""

from __future__ import annotations

from jsonschema import Draft7Validator


def _text(most: int) -> dict[str, object]:
    return {"type": ["string", "null"], "maxLength": most}


def _word(*words: str) -> dict[str, object]:
    return {"enum": [*words, None]}


def _number(least: int = 0, most: int | None = None) -> dict[str, object]:
    bound = {} if most is None else {"maximum": most}
    return {"type": ["integer", "null"], "minimum": least, **bound}


_SWITCH = {"type": ["boolean", "null"]}
_ITEM = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "file_extension": _text(32),
        "type": _text(64),
        "resolution_strategy": _text(64),
        "byte_size": _number(),
    },
}

CONTEXT = {
    "type": "object",
    "required": ["gitlab_realm"],
    "additionalProperties": False,
    "properties": {
        "gitlab_realm": {"enum": ["self-managed", "saas"]},
        "gitlab_host_name": _text(255),
        "gitlab_instance_id": _text(255),
        "gitlab_instance_version": _text(32),
        "gitlab_global_user_id": _text(64),
        "gitlab_saas_duo_pro_namespace_ids": {
            "type": ["array", "null"],
            "items": {"type": "integer"},
        },
        "language": _text(32),
        "model_engine": _text(64),
        "model_name": _text(64),
        "prefix_length": _number(),
        "suffix_length": _number(),
        "suggestion_source": _word("cache", "network"),
        "api_status_code": _number(0, 599),
        "debounce_interval": _number(0, 4000),
        "is_streaming": _SWITCH,
        "is_invoked": _SWITCH,
        "has_advanced_context": _SWITCH,
        "is_direct_connection": _SWITCH,
        "options_count": _number(),
        "accepted_option": _number(1),
        "total_context_size_bytes": _number(),
        "content_above_cursor_size_bytes": _number(),
        "content_below_cursor_size_bytes": _number(),
        "context_items": {"type": ["array", "null"], "items": _ITEM},
        "input_tokens": _number(),
        "output_tokens": _number(),
        "context_tokens_sent": _number(),
        "context_tokens_used": _number(),
        "region": {"type": ["string", "null"]},
    },
}

VALIDATOR = Draft7Validator(CONTEXT)
