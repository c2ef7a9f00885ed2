"""The service round the agent: conversations, channels, the web application, the engine, and the command line."""
