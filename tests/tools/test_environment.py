"""The environment is made from the locks, remembered, and refused with clear words."""

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import environment
from tools.environment import SetUpFailed, ensure, is_installed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project of its own; its environment is made by the first test that asks for one."""
    folder = tmp_path_factory.mktemp("project")
    venv = folder / ".venv"
    (folder / "requirements").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(environment, "ROOT", folder)
        patch.setattr(environment, "VENV", venv)
        patch.setattr(environment, "PYTHON", venv / "bin" / "python")
        patch.setattr(environment, "STAMP", venv / "installed")
        locks = {name: folder / "requirements" / f"{name}.txt" for name in ("runtime", "dev")}
        patch.setattr(environment, "LOCKS", locks)
        yield folder


@pytest.fixture
def project(folder: Path) -> Path:
    """The project with two locks that need no package, and nothing installed."""
    for name in ("runtime", "dev"):
        (folder / "requirements" / f"{name}.txt").write_text(f"# nothing for {name}\n")
    environment.STAMP.unlink(missing_ok=True)
    return folder


def test_it_is_made_once_and_again_when_the_lock_changes(project: Path) -> None:
    python = ensure("runtime")
    stamp = environment.STAMP.stat().st_mtime_ns
    assert subprocess.run([python, "-c", "import pip"], check=False).returncode == 0
    ensure("runtime")
    assert environment.STAMP.stat().st_mtime_ns == stamp
    (project / "requirements" / "runtime.txt").write_text("# changed\n")
    assert not is_installed("runtime")


@pytest.mark.usefixtures("project")
def test_the_development_environment_serves_the_runtime_too() -> None:
    assert not is_installed("runtime")
    ensure("dev")
    assert is_installed("runtime")


def test_a_package_without_its_hash_is_refused(project: Path) -> None:
    (project / "requirements" / "runtime.txt").write_text("flask==3.1.3\n")
    with pytest.raises(SetUpFailed, match="pip could not install"):
        ensure("runtime")
    assert not is_installed("runtime")


def test_what_was_locked_is_installed_though_something_newer_is_offered(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip itself goes for the newer one of a package that another one needs with an extra."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(project))
    locked = {
        "knot": _wheel(project, "knot", "1.0", "Requires-Dist: rope[silk]>=1.0"),
        "rope": _wheel(project, "rope", "1.0", "Provides-Extra: silk"),
    }
    _wheel(project, "rope", "1.1", "Provides-Extra: silk")
    lines = [f"{name}==1.0 --hash=sha256:{digest}\n" for name, digest in locked.items()]
    (project / "requirements" / "runtime.txt").write_text("".join(lines))

    python = ensure("runtime")

    ask = "from importlib.metadata import version; print(version('knot'), version('rope'))"
    done = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1.0", "1.0"]


def _wheel(folder: Path, name: str, version: str, more: str) -> str:
    """An empty package that pip installs; its SHA-256."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}\n"
        wheel.writestr(f"{info}/METADATA", head)
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_python_without_ensurepip_is_told_what_to_install(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "PYTHON", project / "elsewhere" / "python")
    monkeypatch.setattr(environment, "find_spec", lambda _name: None)
    with pytest.raises(SetUpFailed, match="python3-venv"):
        ensure("runtime")


def test_an_old_python_is_told_so() -> None:
    old = "import sys; sys.version_info = (3, 9, 2); import tools.python as p; p.main(['runtime'])"
    done = subprocess.run([sys.executable, "-c", old], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr


def test_the_development_lock_contains_the_runtime_lock() -> None:
    runtime, dev = (_pins(name) for name in ("runtime", "dev"))
    assert runtime <= dev


def _pins(name: str) -> set[str]:
    text = (Path(__file__).resolve().parents[2] / "requirements" / f"{name}.txt").read_text()
    pins = set(re.findall(r"^([a-z0-9._\[\]-]+==[^ \\]+)", text, re.M))
    assert len(pins) > 20
    return pins


def test_the_locks_name_no_host() -> None:
    for name in ("runtime", "dev"):
        text = (Path(__file__).resolve().parents[2] / "requirements" / f"{name}.txt").read_text()
        assert "://" not in text
        assert "--index-url" not in text
