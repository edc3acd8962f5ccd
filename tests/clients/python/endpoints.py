"""The names in `../gatewright.yaml` that tests refer to."""

OPENAI = "on-openai"
ANTHROPIC = "on-anthropic"

# What `x-gatewright-target` says for each.
TARGETS = {OPENAI: "openai/gpt-4o", ANTHROPIC: "anthropic/claude-sonnet-4-5"}

# USD per million tokens of the prompt and of the answer.
PRICES = {OPENAI: ("2.5", "10"), ANTHROPIC: ("3", "15")}

APP_KEY = "app-key-for-the-tests"
NARROW_KEY = "narrow-key-for-the-tests"
ENDED_KEY = "ended-key-for-the-tests"
