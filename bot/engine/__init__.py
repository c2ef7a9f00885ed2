"""The engine: the process that runs Rasa's agent, our components and our actions. Only `bot.engine` imports rasa."""
