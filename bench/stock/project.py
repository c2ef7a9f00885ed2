"""Writes the stock assistant's project folder from the seed files and the talk intents, and trains it once."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml
from processes import Processes, ProcessFailed, quiet_environment, tell

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SEEDS = ROOT / "content" / "seeds"
TALK = ROOT / "nlu" / "data"
NOT_TALK = ("ask_entry.yml",)
"""Our own stand-ins for the entries, which have an intent each here."""
AUTHORITIES = ("nottinghamshire", "england")
"""Whose text the custom action gives: the first that has one."""
ENDPOINTS, TRACKER_DATABASE = "endpoints.yml", "tracker.db"
TRAINING_SECONDS = 6 * 3600.0
SURE_EPOCHS = 20
"""With fewer its confidences stay below the fallback's thresholds, and no message would reach the custom action, which is
what costs most. The fallback then runs with thresholds of zero."""
TRAINED_FROM = ("config.yml", "domain.yml", "data/nlu.yml", "data/rules.yml", "data/stories.yml")


def write_project(folder: Path, epochs: int) -> None:
    """Write all of the project but its model and its endpoints."""
    entries = {file.stem: _read(file) for file in sorted((SEEDS / "entries").glob("*.yml"))}
    talk = _talk()
    (folder / "actions").mkdir(parents=True, exist_ok=True)
    (folder / "actions" / "__init__.py").touch()
    shutil.copyfile(HERE / "actions.py", folder / "actions" / "actions.py")
    leads = {entry: _lead(entry, document) for entry, document in entries.items()}
    (folder / "actions" / "leads.json").write_text(json.dumps(leads, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "credentials.yml").write_text("rest:\n", encoding="utf-8")
    _write(folder / "config.yml", _config(epochs))
    _write(folder / "domain.yml", _domain(list(entries), list(talk)))
    _write(folder / "data" / "nlu.yml", _examples(entries, talk))
    _write(folder / "data" / "rules.yml", _rules(list(entries), list(talk)))
    _write(folder / "data" / "stories.yml", _stories(list(entries)))


def write_endpoints(folder: Path, actions_port: int) -> None:
    """Where its action server and its tracker store are; the conversations of an earlier run go."""
    (folder / TRACKER_DATABASE).unlink(missing_ok=True)
    endpoints = {
        "action_endpoint": {"url": f"http://127.0.0.1:{actions_port}/webhook"},
        "tracker_store": {"type": "SQL", "dialect": "sqlite", "db": TRACKER_DATABASE},
    }
    _write(folder / ENDPOINTS, endpoints)


def train(folder: Path, logs: Path) -> Path:
    """The model for what stands in the folder, trained unless it is there already. Raises ProcessFailed."""
    model = folder / "models" / f"stock-{_digest(folder)}.tar.gz"
    if model.exists():
        tell("stock: the trained model is there already")
        return model
    fresh = model.name.removesuffix(".tar.gz") + "-new"
    options = ["--config", "config.yml", "--domain", "domain.yml", "--data", "data", "--out", "models"]
    command = [sys.executable, "-m", "rasa", "train", *options, "--fixed-model-name", fresh]
    with Processes(logs) as processes:
        process = processes.start("stock-training", command, cwd=folder, environment=quiet_environment())
        processes.wait_for_end(process, TRAINING_SECONDS, "stock: training")
    trained = model.with_name(f"{fresh}.tar.gz")
    if not trained.exists():
        raise ProcessFailed("The stock assistant's training left no model.")
    trained.replace(model)
    return model


def _talk() -> dict[str, list[str]]:
    talk: dict[str, list[str]] = {}
    for file in sorted(TALK.glob("*.yml")):
        if file.name in NOT_TALK:
            continue
        for block in _read(file)["nlu"]:
            lines = block["examples"].splitlines()
            talk[block["intent"]] = [line.removeprefix("- ").strip() for line in lines if line.strip()]
    return talk


def _lead(entry: str, document: dict[str, Any]) -> str:
    files = [SEEDS / authority / f"{entry}.yml" for authority in AUTHORITIES]
    leads = [_read(file).get("lead") for file in files if file.exists()]
    return next((lead.strip() for lead in leads if lead), f"I can tell you about {document['about']}.")


def _config(epochs: int) -> dict[str, Any]:
    config = _read(HERE / "config.yml")
    for part in (*config["pipeline"], *config["policies"]):
        if "epochs" in part:
            part["epochs"] = epochs
        if part["name"] == "FallbackClassifier" and epochs < SURE_EPOCHS:
            part.update(threshold=0.0, ambiguity_threshold=0.0)
    return config


def _domain(entries: list[str], talk: list[str]) -> dict[str, Any]:
    responses = {f"utter_{intent}": [{"text": f"This is what I say to {intent.replace('_', ' ')}."}] for intent in talk}
    responses["utter_please_rephrase"] = [{"text": "I did not understand that. Can you say it in other words?"}]
    return {
        "version": "3.1",
        "intents": [*entries, *talk],
        "actions": ["action_answer"],
        "responses": responses,
        "session_config": {"session_expiration_time": 60, "carry_over_slots_to_new_session": True},
    }


def _examples(entries: dict[str, Any], talk: dict[str, list[str]]) -> dict[str, Any]:
    questions = {entry: document["questions"] for entry, document in entries.items()}
    blocks = [
        {"intent": intent, "examples": "".join(f"- {_plain(example)}\n" for example in examples)}
        for intent, examples in {**questions, **talk}.items()
    ]
    return {"version": "3.1", "nlu": blocks}


def _rules(entries: list[str], talk: list[str]) -> dict[str, Any]:
    actions = {
        **dict.fromkeys(entries, "action_answer"),
        **{intent: f"utter_{intent}" for intent in talk},
        "nlu_fallback": "utter_please_rephrase",
    }
    rules = [
        {"rule": f"answer {intent}", "steps": [{"intent": intent}, {"action": action}]} for intent, action in actions.items()
    ]
    return {"version": "3.1", "rules": rules}


def _stories(entries: list[str]) -> dict[str, Any]:
    """One conversation an entry, for the policies that learn from stories."""
    stories = [
        {
            "story": f"ask about {entry}",
            "steps": [
                {"intent": "greet"},
                {"action": "utter_greet"},
                {"intent": entry},
                {"action": "action_answer"},
                {"intent": "ask_how"},
                {"action": "utter_ask_how"},
                {"intent": "thank"},
                {"action": "utter_thank"},
            ],
        }
        for entry in entries
    ]
    return {"version": "3.1", "stories": stories}


def _plain(example: str) -> str:
    """On one line and without Rasa's marks for entities."""
    return " ".join(str(example).translate(str.maketrans("[]{}", "    ")).split())


def _digest(folder: Path) -> str:
    digest = hashlib.sha256(metadata.version("rasa").encode())
    for name in TRAINED_FROM:
        digest.update(name.encode() + b"\0" + (folder / name).read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _write(file: Path, document: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000), encoding="utf-8")
