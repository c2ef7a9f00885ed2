"""The stock assistant that ours is measured against: what `rasa init` makes, trained on our example questions."""
