# `make check` is the one gate. Each target can be run by itself.
# The tests start the programs hundreds of times, and each would compile the libraries anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: check format lint types imports data content test train shell

check: format lint types imports content data test

format:
	uv run ruff format --check .

lint:
	uv run ruff check .

types:
	uv run mypy

imports:
	uv run lint-imports

content:
	uv run local-offer content check

data:
	RASA_TELEMETRY_ENABLED=false uv run rasa data validate --config config.yml --domain bot/dialogue/domain.yml --data bot/dialogue/rules.yml nlu/data --fail-on-warnings

test:
	uv run pytest

# For work on the conversation: Rasa's own commands with this project's paths.
train:
	uv run local-offer train

shell:
	@echo "Start 'uv run rasa run actions --actions actions' beside it."
	RASA_TELEMETRY_ENABLED=false uv run rasa shell --model $${LOCAL_OFFER_DATA:-data}/models --endpoints bot/dialogue/endpoints.yml
