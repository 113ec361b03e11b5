"""What mkdocs makes the site from: the repository's Markdown files at their own places, and the files they link to.

Responsible for that choice only. mkdocs itself takes one folder, and a README beside a chart is not in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_FOLDERS = ("benchmarks", "cluster", "docs", "examples", "localstack-init", "stacks")
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Replace the files of the folder `docs` by the pages, and what they link to, of the whole repository."""
    root = Path(config.config_file_path or "").resolve().parent
    pages = [*root.glob("*.md"), *(page for folder in _FOLDERS for page in (root / folder).rglob("*.md"))]
    linked = [target for page in pages for target in _linked_files(page)]
    for file in [file for file in files if file.src_dir == config.docs_dir]:
        files.remove(file)
    for path in sorted({*pages, *linked}):
        files.append(File(str(path.relative_to(root)), str(root), config.site_dir, config.use_directory_urls))
    return files


def _linked_files(page: Path) -> Iterable[Path]:
    targets = ((page.parent / link).resolve() for link in _LINK.findall(page.read_text()))
    return (target for target in targets if target.is_file())
