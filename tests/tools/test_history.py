"""What must never be committed is found wherever it was, and nothing else is called a secret."""

import base64
import json
import secrets
import subprocess
from pathlib import Path
from typing import Final

import pytest

from demo.identities import load_or_make
from tools.environment import ROOT
from tools.history import ALLOWED, Find, Object, finds, search, texts_of

ME: Final = (
    *("-c", "user.name=Mallory", "-c", "user.email=mallory@example.com"),
    *("-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"),
)


class Repository:
    """A repository of a test's own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> None:
        command = ("git", *ME, *arguments)
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)

    def commit(self, files: dict[str, str | None], message: str = "Change it") -> None:
        """Write these files, or remove those without a content, and commit."""
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "-q", "--allow-empty", "-m", message)

    def found(self, *texts: str) -> set[tuple[str, str]]:
        return {(each.what, each.path) for each in search(self.folder, texts)[0]}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


def lines_of(text: str) -> list[Find]:
    return [*finds(Object("0" * 40, "file", text.encode()))]


def test_what_was_taken_out_again_and_what_lies_on_a_branch_is_found(
    repository: Repository, tmp_path: Path
) -> None:
    made = load_or_make(tmp_path.parent / f"{tmp_path.name}-identities.json")
    repository.commit({"readme": "nothing here"})
    assert repository.found() == set()
    repository.commit({"keys/apiclient_key.pem": made.merchant_private_key})
    repository.commit({"keys/apiclient_key.pem": None, "app.py": "pass"})
    repository.git("checkout", "-q", "-b", "trial")
    repository.commit({"config.toml": f'secret = "{made.app_secret}"\n'})
    repository.git("checkout", "-q", "main")
    repository.commit({}, f"Set apiv3_key={made.apiv3_key}")
    assert repository.found() == {
        ("private key", "keys/apiclient_key.pem"),
        ("secret", "config.toml"),
        ("secret", ""),
    }


@pytest.mark.parametrize(
    "line",
    [
        'secret = "{hex32}"',
        "APP_SECRET='{hex32}'",
        '{{"secret": "{hex32}"}}',
        "https://api.example.com/cgi-bin/token?appid=wx1&secret={hex32}&grant_type=x",
        'apiv3_key: "{hex32}"',
        'encodingAESKey = "{aes}"',
        'previous_aes_key = "{aes}"',
        'index_key = "{hex64}"',
        "WX_SHARED_KEY={hex64}",
        'access_token = "{hex32}"',
    ],
)
def test_a_secret_is_known_by_its_name_and_length(line: str) -> None:
    aes = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    aes = aes.replace("+", "a").replace("/", "7")
    text = line.format(hex32=secrets.token_hex(16), hex64=secrets.token_hex(32), aes=aes)
    assert [each.what for each in lines_of(f"# line one\n{text}\n")] == ["secret"]
    assert lines_of(f"# line one\n{text}\n")[0].line == 2


def test_a_key_inside_of_json_is_one_too(tmp_path: Path) -> None:
    made = load_or_make(tmp_path / "identities.json")
    text = json.dumps({"kept": made.platform_private_key})
    assert [each.what for each in lines_of(text)] == ["private key"]


@pytest.mark.parametrize(
    "text",
    [
        'secret_key = "0000000000000000000000000000000000000000000000000000000000000000"',
        'AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"',
        "-----BEGIN PRIVATE KEY-----",
        'if line == "-----BEGIN PRIVATE KEY-----": return',
        "token: abcdefghijklmnopqrstuvwxyzabcdefgh",
        'digest = "4ae612528984ccd8d35d51b5c1f17016"',
    ],
)
def test_examples_names_and_digests_are_none(text: str) -> None:
    assert lines_of(text) == []


def test_given_texts_are_found_in_every_spelling_and_in_allowed_files(
    repository: Repository, tmp_path: Path
) -> None:
    canary = f"canary-{secrets.token_hex(8)}"
    kept = tmp_path.parent / f"{tmp_path.name}-kept.json"
    kept.write_text(json.dumps({"one": canary, "short": "x"}))
    assert texts_of(kept) == {canary}
    coded = base64.b64encode(f"before {canary} behind".encode()).decode()
    allowed = next(iter(ALLOWED))
    repository.commit({"coded.txt": coded, allowed: canary, "hex": canary.encode().hex()})
    assert repository.found(canary) == {("text", "coded.txt"), ("text", allowed), ("text", "hex")}
    assert repository.found() == set()


def test_our_own_history_has_none() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this copy has no history")
    found, searched = search(ROOT)
    assert not found, "\n".join(map(str, found))
    assert searched > 100


def test_whatever_is_allowed_is_there_and_would_be_found() -> None:
    """Otherwise the list allows what nobody needs any more."""
    for name in ALLOWED:
        content = (ROOT / name).read_bytes()
        assert [*finds(Object("0" * 40, "elsewhere", content))], name
