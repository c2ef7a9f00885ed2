"""Seed files: reads a folder of YAML, and says of each fault in which file and line it stands and which rule it breaks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

from content.rules import faults_across, faults_of

SEEDS = Path(__file__).parent / "seeds"
Kind = str
"""topics, phrases, replies, language, crisis, crisis_phrases, authority, entry or entitlement."""
SINGLE = ("topics", "phrases", "replies")
"""Kinds of which there is one document."""
FOLDERS = {"entry": "entries", "language": "languages", "crisis": "crisis", "crisis_phrases": "crisis-phrases"}
"""The folders that hold documents of one kind."""


class SeedRefused(Exception):
    """Seed files that break the schema or a rule; nothing of them was loaded. The message lists every fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one seed file: where it stands and which rule it breaks."""

    file: Path
    place: str
    line: int
    rule: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.place or 'the whole file'}: {self.rule}"


@dataclass(frozen=True)
class Document:
    """One seed file as plain data. `key` is the id of what it describes, or "authority/entry" for an entitlement."""

    kind: Kind
    key: str
    body: dict[str, Any]
    file: Path
    lines: dict[tuple[str | int, ...], int] = field(compare=False, repr=False, default_factory=dict)

    def fault(self, path: Iterable[str | int], rule: str) -> Fault:
        path = tuple(path)
        known = next((path[:end] for end in range(len(path), -1, -1) if path[:end] in self.lines), ())
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        return Fault(self.file, place, self.lines.get(known, 1), rule)


class _PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without dates: a date stays the text that an editor wrote."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (PyYAML reads it from the class)
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def read(folder: Path = SEEDS) -> list[Document]:
    """Every document below the folder, checked against the schema and against each other.

    Raises SeedRefused, with all faults at once, when there is any.
    """
    documents: list[Document] = []
    faults: list[Fault] = []
    for kind, key, file in _files(folder):
        try:
            documents.append(_parse(kind, key, file))
        except SeedRefused as refused:
            faults.extend(refused.faults)
    for document in documents:
        faults.extend(_schema_faults(document))
    if not faults:
        for document in documents:
            faults.extend(document.fault(path, rule) for path, rule in faults_of(document))
        faults.extend(
            document.fault(path, rule)
            for document, path, rule in faults_across({(each.kind, each.key): each for each in documents})
        )
    if not documents and not faults:
        faults.append(Fault(folder, "", 1, "there are no seed files in this folder"))
    if faults:
        raise SeedRefused(faults)
    return documents


def write(folder: Path, kind: Kind, key: str, body: dict[str, Any]) -> Path:
    """Write one document where `read` finds it again."""
    file = folder / _place(kind, key)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
    return file


def _place(kind: Kind, key: str) -> str:
    return {
        **{each: f"{each}.yml" for each in SINGLE},
        "authority": f"{key}/authority.yml",
        "entitlement": f"{key}.yml",
        **{each: f"{folder}/{key}.yml" for each, folder in FOLDERS.items()},
    }[kind]


@cache
def bodies_of(kind: Kind) -> dict[str, dict[str, Any]]:
    """The bodies of the program's own documents of one kind by their keys, as they stand, unchecked. Not to be changed."""
    return {key: _parse(each, key, file).body for each, key, file in _files(SEEDS) if each == kind}


def read_one(file: Path) -> Document:
    """One file as a document; its folder and name say which. Raises SeedRefused when they do not, or it is no YAML."""
    for folder in (file.parent, file.parent.parent):
        for kind, key, found in _files(folder):
            if found == file:
                return _parse(kind, key, file)
    raise SeedRefused([Fault(file, "", 1, "its folder and name do not say what it is; see `local-offer content export`")])


def _files(folder: Path) -> Iterator[tuple[Kind, str, Path]]:
    kinds = {name: kind for kind, name in FOLDERS.items()}
    for file in sorted(folder.rglob("*.yml")):
        place = file.relative_to(folder)
        if len(place.parts) == 1 and file.stem in SINGLE:
            yield file.stem, file.stem, file
        elif len(place.parts) == 2 and place.parts[0] in kinds:
            yield kinds[place.parts[0]], file.stem, file
        elif len(place.parts) == 2 and place.name == "authority.yml":
            yield "authority", place.parts[0], file
        elif len(place.parts) == 2:
            yield "entitlement", f"{place.parts[0]}/{file.stem}", file


def _parse(kind: Kind, key: str, file: Path) -> Document:
    try:
        loader = _PlainLoader(file.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        body = loader.construct_document(node) if node else None
    except UnicodeDecodeError as error:
        raise SeedRefused([Fault(file, "", 1, "the file is not UTF-8 text")]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SeedRefused([Fault(file, "", line, f"this is not YAML: {error.problem}")]) from error
    except yaml.YAMLError as error:
        raise SeedRefused([Fault(file, "", 1, f"this is not YAML: {error}")]) from error
    if not isinstance(body, dict):
        raise SeedRefused([Fault(file, "", 1, "the file must hold named fields")])
    return Document(kind, key, body, file, dict(_lines(node, ())) if node else {})


def _lines(node: yaml.Node, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _lines(value, (*path, name.value))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*path, index))


@cache
def _validator(kind: Kind) -> Draft202012Validator:
    schema = json.loads((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"))
    return Draft202012Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})


def schema_faults(kind: Kind, body: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where and how a document of this kind breaks the schema."""
    for error in _validator(kind).iter_errors(body):
        yield tuple(error.absolute_path), error.message


def _schema_faults(document: Document) -> Iterator[Fault]:
    for path, rule in schema_faults(document.kind, document.body):
        yield document.fault(path, rule)
