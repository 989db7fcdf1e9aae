"""Builds the wheel: the package, the library that ships, and the module that uniffi writes for it.

A backend for pip (PEP 517) that needs cargo and nothing from a package index: `pip wheel bindings/python`. A wheel is a zip file
with three text files beside the package, so that no packaging library is needed. What is in it depends on the sources only, not on
the moment.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import stubs  # noqa: E402 - the file beside this one

ROOT = HERE.parent.parent
NAME = "tastekeeper"
VERSION = re.search(r'^version = "(.+)"$', (HERE / "pyproject.toml").read_text("utf-8"), re.M)[1]


def library_name() -> str:
    if sys.platform == "darwin":
        return "libtastekeeper_ffi.dylib"
    return "tastekeeper_ffi.dll" if sys.platform.startswith("win") else "libtastekeeper_ffi.so"


def cargo(*arguments: str) -> None:
    subprocess.run([os.environ.get("CARGO", "cargo"), *arguments], cwd=ROOT, check=True)


def bindgen(*arguments: str) -> str:
    command = [os.environ.get("CARGO", "cargo"), "run", "--quiet", "--package", "tastekeeper-bindgen", "--", *arguments]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, encoding="utf-8").stdout


def target_folder() -> Path:
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))


def build_library() -> Path:
    """The library that ships, with its symbols; or the one that `TASTEKEEPER_LIBRARY` names."""
    given = os.environ.get("TASTEKEEPER_LIBRARY")
    if given:
        return Path(given)
    cargo("rustc", "--profile", "ship", "-p", "tastekeeper-ffi", "--lib", "--crate-type", "cdylib")
    return target_folder() / "ship" / library_name()


def fill_package(library: Path, folder: Path) -> None:
    """Puts the package into `folder`: our modules, the one that is generated, and the library without its symbols."""
    source = HERE / "src" / NAME
    for path in sorted([*source.glob("*.py"), source / "py.typed"]):
        shutil.copyfile(path, folder / path.name)
    with tempfile.TemporaryDirectory() as made:
        bindgen("generate", "--language", "python", "--no-format", "--out-dir", made, str(library))
        shutil.copyfile(Path(made) / "tastekeeper_ffi.py", folder / "_core.py")
    (folder / "_core.pyi").write_text(stubs.write(bindgen("surface", str(library))), "utf-8")
    shutil.copyfile(library, folder / library_name())
    if shutil.which("strip") and sys.platform == "linux":
        subprocess.run(["strip", folder / library_name()], check=True)


def digest(content: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


def build_wheel(wheel_directory: str, config_settings=None, metadata_directory=None) -> str:
    """Writes the wheel into `wheel_directory`, and returns its file name."""
    tag = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
    about = f"{NAME}-{VERSION}.dist-info"
    metadata = (
        f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n"
        "Summary: On-device personalisation: sealed history, local recommendations, explanations\n"
        "License: MIT OR Apache-2.0\nRequires-Python: >=3.9\nProvides-Extra: batch\n"
        'Requires-Dist: numpy>=1.22; extra == "batch"\nDescription-Content-Type: text/markdown\n\n'
    ) + (HERE / "README.md").read_text("utf-8")
    files = {
        f"{about}/METADATA": metadata.encode(),
        f"{about}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tastekeeper\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    }
    with tempfile.TemporaryDirectory() as folder:
        fill_package(build_library(), Path(folder))
        for path in sorted(Path(folder).iterdir()):
            files[f"{NAME}/{path.name}"] = path.read_bytes()
    record = "".join(f"{name},{digest(content)},{len(content)}\n" for name, content in files.items())
    files[f"{about}/RECORD"] = (record + f"{about}/RECORD,,\n").encode()
    wheel = f"{NAME}-{VERSION}-{tag}.whl"
    with zipfile.ZipFile(Path(wheel_directory) / wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return wheel


def build_sdist(sdist_directory: str, config_settings=None) -> str:
    raise RuntimeError("there is no source package: build the wheel in a checkout, it needs the Rust sources")


if __name__ == "__main__":
    # `build_wheel.py OUT` writes a wheel; `build_wheel.py --package OUT` only the package, for tests with another library
    if len(sys.argv) == 3 and sys.argv[1] == "--package":
        package = Path(sys.argv[2]) / NAME
        package.mkdir(parents=True, exist_ok=True)
        fill_package(build_library(), package)
    elif len(sys.argv) == 2:
        Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
        print(build_wheel(sys.argv[1]))
    else:
        sys.exit("usage: build_wheel.py [--package] OUT")
