"""A virtual environment on top of the one that runs the tests, and plugins installed in it by pip."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

# What is installed outside is there too, regkit in development among it; pip installs inside.
OUTER = "import site; site.addsitedir({place!r})\n"


class Environment:
    """A fresh environment in a folder; commands run in it."""

    def __init__(self, folder):
        venv.create(folder, with_pip=False, symlinks=True)
        self.folder, self.python = folder, folder / "bin" / "python"
        (site,) = folder.glob("lib/python*/site-packages")
        places = {sysconfig.get_path(one) for one in ("purelib", "platlib")}
        (site / "outer.pth").write_text("".join(OUTER.format(place=one) for one in places))

    def run(self, *words, cwd=None, timeout=600, **environment):
        """Run Python with some words, and return what came of it."""
        return subprocess.run(
            [str(self.python), *map(str, words)],
            cwd=cwd or self.folder,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def install(self, *folders):
        """Install distributions, without anything that must be fetched."""
        options = ("--disable-pip-version-check", "--quiet", "--no-deps", "--no-build-isolation")
        done = self.run("-m", "pip", "install", *options, *folders)
        assert done.returncode == 0, done.stdout + done.stderr

    def regkit(self, *words, cwd=None, **environment):
        """Run a command of regkit, and return what it prints."""
        done = self.run("-m", "regkit.cli.main", *words, cwd=cwd, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def new(folder, name):
    """Write a plugin by the command, and return its folder."""
    code = f"import sys; from regkit.cli.main import main; sys.exit(main({['new', name]!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, capture_output=True)
    return Path(folder) / name
