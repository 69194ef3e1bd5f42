"""What an app enters into the files that all apps share: ``templates/entries.toml``."""

import tomllib
from collections.abc import Callable

from backend.scaffold import documents, modules, templates
from backend.scaffold.names import Names
from backend.scaffold.refusal import Refused

_PUT: dict[str, Callable[..., str]] = {
    put.__name__: put
    for put in (
        *(modules.imported, modules.element),
        *(documents.rows, documents.branch, documents.news, documents.sibling, documents.layered),
    )
}


def entered(names: Names, read: Callable[[str], str]) -> dict[str, str]:
    """The shared files by their paths, with the app in each; ``read`` gives them without.

    Raises:
        Refused: a file, or the place in it, is not there; or the app is already.
    """
    found: dict[str, str] = {}
    for entry in tomllib.loads(templates.render(templates.FOLDER / "entries.toml", names))["entry"]:
        path, put = entry.pop("file"), _PUT[entry.pop("put")]
        try:
            found[path] = put(found.get(path) or read(path), **entry)
        except (Refused, OSError, SyntaxError, tomllib.TOMLDecodeError) as error:
            raise Refused(f"{path}: {error}") from error
    return found
