"""Seed files are refused with file, line, place and rule."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from content.seed import SeedRefused, read


def change(file: Path, **fields: object) -> None:
    body = yaml.safe_load(file.read_text(encoding="utf-8"))
    body.update(fields)
    file.write_text(yaml.safe_dump(body, sort_keys=False, allow_unicode=True), encoding="utf-8")


def refusal(folder: Path) -> str:
    with pytest.raises(SeedRefused) as refused:
        read(folder)
    return str(refused.value)


def test_the_seed_files_keep_every_rule():
    kinds = [document.kind for document in read()]
    assert kinds.count("entry") == 67


def test_an_unknown_field_is_refused_with_its_file_line_and_place(seeds: Path):
    file = seeds / "england" / "council-tax.yml"
    file.write_text("colour: blue\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    message = refusal(seeds)
    assert f"{file}:1: the whole file:" in message
    assert "'colour' was unexpected" in message


def test_a_wrong_value_is_refused_with_the_line_it_stands_on(seeds: Path):
    file = seeds / "nottinghamshire" / "council-tax.yml"
    lines = file.read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("basis:"))
    lines[line - 1] = "basis: perhaps"
    file.write_text("\n".join(lines), encoding="utf-8")
    assert f"{file}:{line}: basis: 'perhaps' is not one of" in refusal(seeds)


def test_a_file_that_is_not_yaml_is_refused(seeds: Path):
    (seeds / "england" / "council-tax.yml").write_text("lead: [", encoding="utf-8")
    assert "this is not YAML" in refusal(seeds)


def test_an_amount_that_is_not_declared_is_refused(seeds: Path):
    change(seeds / "nottinghamshire" / "council-tax.yml", lead="You get £1,234 off your Council Tax.")
    assert "lead: names £1,234, which is not among `amounts`" in refusal(seeds)


def test_a_telephone_number_without_a_contact_is_refused(seeds: Path):
    change(seeds / "nottinghamshire" / "council-tax.yml", how="Call 0115 123 4567.")
    assert "names the number 0115 123 4567" in refusal(seeds)


def test_a_lead_that_is_too_long_is_refused(seeds: Path):
    change(seeds / "nottinghamshire" / "council-tax.yml", lead="Short words. " * 20)
    assert "has 40 words; 35 at most" in refusal(seeds)


def test_an_entry_that_leads_nowhere_is_refused(seeds: Path):
    change(seeds / "entries" / "council-tax.yml", next=["no-such-entry"])
    assert "'no-such-entry' is not another entry" in refusal(seeds)


def test_a_situation_that_leads_to_no_entry_is_refused(seeds: Path):
    file = seeds / "phrases.yml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("first: [young-parents,", "first: [young-parent,"), encoding="utf-8"
    )
    assert "there is no entry 'young-parent'" in refusal(seeds)


def test_a_council_without_its_own_file_of_facts_about_itself_is_refused(seeds: Path):
    (seeds / "nottinghamshire" / "authority.yml").unlink()
    assert "the folder 'nottinghamshire' has no authority.yml" in refusal(seeds)


def test_a_phrase_that_cannot_be_filled_is_refused(seeds: Path):
    file = seeds / "phrases.yml"
    file.write_text(file.read_text(encoding="utf-8").replace("{council}", "{town}"), encoding="utf-8")
    assert "cannot be filled with {town}" in refusal(seeds)


def test_every_fault_is_told_at_once(seeds: Path):
    change(seeds / "england" / "council-tax.yml", basis="perhaps")
    change(seeds / "nottinghamshire" / "council-tax.yml", basis="perhaps")
    with pytest.raises(SeedRefused) as refused:
        read(seeds)
    assert len(refused.value.faults) == 2


def test_an_empty_folder_is_refused(tmp_path: Path):
    assert "there are no seed files in this folder" in refusal(tmp_path)


def test_a_closure_that_ends_before_it_begins_is_refused(seeds: Path):
    file = seeds / "nottinghamshire" / "authority.yml"
    body = yaml.safe_load(file.read_text(encoding="utf-8"))
    body["urgent"]["closures"] = [{"from": "2026-12-31", "to": "2026-12-24"}]
    file.write_text(yaml.safe_dump(body, sort_keys=False), encoding="utf-8")
    assert "ends before it begins" in refusal(seeds)
