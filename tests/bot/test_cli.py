"""The command line teaches, checks, loads and exports, and says in a sentence what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from tests.content.conftest import seeds  # noqa: F401
from tests.content.test_seed import change


def call(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    return result.exit_code, result.output


@pytest.mark.parametrize("command", [(), ("serve",), ("train",), ("content",), ("content", "load"), ("content", "check")])
def test_every_command_explains_itself(command):
    code, output = call(*command, "--help")
    assert code == 0
    assert "Usage:" in output
    assert len(output.splitlines()) > 5


def test_good_content_is_said_to_be_good():
    code, output = call("content", "check")
    assert code == 0
    assert "no fault" in output


def test_a_fault_is_told_with_its_file_and_nothing_is_loaded(seeds: Path, tmp_path: Path):  # noqa: F811
    change(seeds / "england" / "council-tax.yml", basis="perhaps")
    code, output = call("content", "load", seeds, "--data", tmp_path / "data")
    assert code == 1
    assert "1 faults; nothing was loaded" in output
    assert "council-tax.yml" in output


def test_content_is_loaded_and_exported(tmp_path: Path):
    code, output = call("content", "load", "--data", tmp_path / "data")
    assert code == 0
    assert "new" in output
    code, output = call("content", "export", tmp_path / "out", "--data", tmp_path / "data")
    assert code == 0
    assert (tmp_path / "out" / "england" / "council-tax.yml").exists()
    assert call("content", "check", tmp_path / "out")[0] == 0


def test_a_wrong_setting_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("LOCAL_OFFER_PORT", "nowhere")
    code, output = call("content", "load", "--data", tmp_path)
    assert code == 1
    assert "LOCAL_OFFER_PORT should be a whole number" in output
