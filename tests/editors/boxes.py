"""What authors in Emacs and Helix write: the beginning and the rest of it."""

ABOVE = """\
def area(width, height):
    return width * height


def volume(width, height, depth):
    return"""
LINE = f"{ABOVE} width * height * depth"
LINES = f"{ABOVE} width * (\n        height * depth\n    )"
