"""What a ``User-Agent`` most likely is, in words of ours: a mail repeats no text of a caller."""

# The first that is found counts: nearly every browser also claims to be those below it.
_PROGRAMS = {
    "Edg/": "Edge",
    "EdgA/": "Edge",
    "EdgiOS/": "Edge",
    "OPR/": "Opera",
    "OPT/": "Opera",
    "Vivaldi/": "Vivaldi",
    "SamsungBrowser/": "Samsung Internet",
    "Firefox/": "Firefox",
    "FxiOS/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
    "curl/": "curl",
    "Wget/": "Wget",
    "HTTPie/": "HTTPie",
    "PostmanRuntime/": "Postman",
    "python-requests/": "a Python program",
    "python-httpx/": "a Python program",
    "Python-urllib/": "a Python program",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Macintosh": "macOS",
    "Linux": "Linux",
}


def recognised(user_agent: str) -> str:
    """``"Firefox on Linux"``, ``"curl"``, ``"an unknown device"``."""
    program = _first(_PROGRAMS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if system is None:
        return program or "an unknown device"
    return f"{program or 'an unknown program'} on {system}"


def _first(names: dict[str, str], text: str) -> str | None:
    return next((name for mark, name in names.items() if mark in text), None)
