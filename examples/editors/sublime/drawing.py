"""How a suggestion is drawn: its first line in the text, the others below."""

from __future__ import annotations

import html

import sublime

STYLE = "color: color(var(--foreground) alpha(0.45)); padding: 0; margin: 0;"


def phantoms_of(view: sublime.View, at: int, text: str) -> list[sublime.Phantom]:
    """Return what to show of a suggestion at the cursor."""
    tab_size = int(str(view.settings().get("tab_size", 4)))
    first, _, more = text.partition("\n")
    inline, block = sublime.PhantomLayout.INLINE, sublime.PhantomLayout.BLOCK
    return [
        sublime.Phantom(sublime.Region(at), page(part, tab_size), layout)
        for part, layout in ((first, inline), (more, block))
        if part
    ]


def page(text: str, tab_size: int) -> str:
    """Return text as the little HTML that phantoms are made of."""
    lines = html.escape(text.expandtabs(tab_size)).replace(" ", "&nbsp;").split("\n")
    body = "".join(f"<div>{line or '&nbsp;'}</div>" for line in lines)
    return f'<body id="gitlab_completions" style="{STYLE}">{body}</body>'
