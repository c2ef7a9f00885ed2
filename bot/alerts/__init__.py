"""Tells the duty team outside the desk that somebody waits: by e-mail and webhook, kept until it is delivered."""
