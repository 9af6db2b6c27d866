"""MkDocs: a page for each technique and chapter, and of each plugin.

The text is written once, in `regkit/techniques/<chapter>/README.md` and `plugins/<plugin>/docs/`.
Its links work in the repository; here they are turned towards the pages of the site. The pages of
techniques are files in `docs/techniques`, which `make tables` writes from the classes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
SECTIONS = {
    "Chapters": {
        f"chapters/{readme.parent.name}.md": readme
        for readme in sorted(ROOT.glob("regkit/techniques/*/README.md"))
    },
    "Plugins": {
        f"plugins/{page.stem}.md": page for page in sorted(ROOT.glob("plugins/*/docs/*.md"))
    },
}
PAGES = {uri: path for pages in SECTIONS.values() for uri, path in pages.items()}
FROM_DOCS = re.compile(r"(?:\.\./)+regkit/techniques/(\w+)/README\.md")  # in docs/**/*.md
TO_CHAPTER = re.compile(r"\]\(\.\./(\w+)/README\.md")  # from one README to another
TO_GUIDE = re.compile(r"\]\((?:\.\./){3}docs/")  # from either
TO_SOURCE = re.compile(r"\]\((\w+)\.py\)")
TECHNIQUES = {page.stem for page in ROOT.glob("docs/techniques/*.md")}


def on_config(config: Any) -> Any:
    """Fill the sections of the navigation and rebuild, while serving, when a page changes."""
    techniques = [f"techniques/{name}.md" for name in sorted(TECHNIQUES)]
    for name, pages in {**SECTIONS, "Techniques": techniques}.items():
        next(part for part in config.nav if name in part)[name] = list(pages)
    config.watch += [str(path) for path in PAGES.values()]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages."""
    for uri, path in PAGES.items():
        files.append(File.generated(config, uri, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Turn links between chapters, guides and sources towards pages of the site."""
    if page.file.src_uri in PAGES:
        markdown = TO_CHAPTER.sub(r"](\1.md", markdown)
        markdown = TO_GUIDE.sub("](../", markdown)
        return TO_SOURCE.sub(_page_of_source, markdown)
    up = "../" * page.file.src_uri.count("/")
    return FROM_DOCS.sub(rf"{up}chapters/\1.md", markdown)


def _page_of_source(link: re.Match[str]) -> str:
    """Return a link to the page of a chapter's module: a technique's own, or that of functions."""
    page = f"techniques/{link[1]}" if link[1] in TECHNIQUES else "reference/techniques"
    return f"](../{page}.md)"
