"""Commands tell an operator in words what to put right."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from wx_backend import log
from wx_backend.cli import main

EXAMPLE = (Path(__file__).parents[2] / "config.example.toml").read_text("utf-8")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example file in a folder of its own, which has neither key files nor a database."""
    file = tmp_path / "config.toml"
    file.write_text(EXAMPLE.replace("sqlite:///var", f"sqlite:///{tmp_path}"), "utf-8")
    monkeypatch.setenv("WX_CONFIG", str(file))
    monkeypatch.setattr(log, "configure", lambda: None)  # a thread of an earlier test may still log
    return file


def refusal(*command: str) -> str:
    """What a command says that ends with an error, and without a trace."""
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert result.output.startswith("Error: ")
    return result.output


def test_a_missing_file_is_named_with_the_way_to_name_another(config: Path) -> None:
    config.unlink()
    assert f"{config}: no such file" in refusal("check-config")
    assert "WX_CONFIG" in refusal("dead")


def test_key_files_that_are_not_there_are_all_named(config: Path) -> None:
    said = refusal("check-config")
    assert f"pay.private_key_file: {config.parent / 'apiclient_key.pem'} cannot be read" in said
    assert "pub_key.pem cannot be read" in said

    for name in ("apiclient_key.pem", "pub_key.pem"):
        (config.parent / name).touch()
    assert CliRunner().invoke(main, ["check-config"]).output == "configuration is fine\n"


@pytest.mark.usefixtures("config")
def test_a_database_without_tables_is_no_riddle() -> None:
    assert "has `migrate` been run?" in refusal("dead")


@pytest.mark.usefixtures("config")
def test_an_unknown_revision_is_named() -> None:
    assert "9999" in refusal("migrate", "--to", "9999")


def test_a_list_of_days_in_another_encoding_is_refused_in_words(
    config: Path, tmp_path: Path
) -> None:
    days = tmp_path / "days.csv"
    days.write_bytes("2026-10-01,holiday,国庆节".encode("gbk"))
    assert config.exists()
    assert "is not UTF-8" in refusal("import-calendar", str(days))
    days.write_text("1.10.2026;holiday", "utf-8")
    assert "line 1 is not like" in refusal("import-calendar", str(days))
