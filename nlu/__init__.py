"""Understanding: what a message asks for and what it says of the person, as Rasa components and pure functions."""
