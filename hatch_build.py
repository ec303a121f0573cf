"""Fit README.md to be the long description of a package, which is read away from this repository.

Its picture becomes part of the text, and links to files of the repository become plain text: they would lead
nowhere, and the project has no address yet that they could be completed with.
"""

import base64
import re
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"(!\[[^\]]*\])\((?!\w+:)([^)]+\.png)\)")
_LINK_TO_FILE = re.compile(r"(?<!!)\[([^\]]+)\]\((?!\w+:|#)[^)]+\)")


class LongDescription(MetadataHookInterface):
    """Sets `project.readme`."""

    def update(self, metadata: dict) -> None:
        """Read README.md, put its picture into it, and unlink files."""
        root = Path(self.root)

        def embedded(found: re.Match[str]) -> str:
            data = base64.b64encode((root / found[2]).read_bytes()).decode("ascii")
            return f"{found[1]}(data:image/png;base64,{data})"

        text = (root / "README.md").read_text(encoding="utf-8")
        text = _LINK_TO_FILE.sub(r"\1", _PICTURE.sub(embedded, text))
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
