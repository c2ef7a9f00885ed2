"""What the agent does: rasa-sdk actions that answer from the library, ask, follow up, and hand over."""
