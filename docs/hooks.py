"""MkDocs: one page for each chapter, made of the README beside its techniques.

The text is written once, in `regkit/techniques/<chapter>/README.md`. Its links work in the
repository; here they are turned towards the pages of the site.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

READMES = sorted((Path(__file__).parents[1] / "regkit" / "techniques").glob("*/README.md"))
FROM_DOCS = re.compile(r"(?:\.\./)+regkit/techniques/(\w+)/README\.md")  # in docs/**/*.md
TO_CHAPTER = re.compile(r"\]\(\.\./(\w+)/README\.md")  # from one README to another
TO_GUIDE = re.compile(r"\]\((?:\.\./){3}docs/")
TO_SOURCE = re.compile(r"\]\(\w+\.py\)")


def on_config(config: Any) -> Any:
    """Fill the navigation's "Chapters" and rebuild, while serving, when a README changes."""
    pages = [f"chapters/{readme.parent.name}.md" for readme in READMES]
    next(part for part in config.nav if "Chapters" in part)["Chapters"] = pages
    config.watch += [str(readme) for readme in READMES]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the READMEs as pages."""
    for readme in READMES:
        uri = f"chapters/{readme.parent.name}.md"
        files.append(File.generated(config, uri, abs_src_path=str(readme)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links between chapters, guides and sources towards pages of the site."""
    if page.file.src_uri.startswith("chapters/"):
        markdown = TO_CHAPTER.sub(r"](\1.md", markdown)
        markdown = TO_GUIDE.sub("](../", markdown)
        return TO_SOURCE.sub("](../reference/techniques.md)", markdown)
    up = "../" * page.file.src_uri.count("/")
    return FROM_DOCS.sub(rf"{up}chapters/\1.md", markdown)
