"""The crisis screen: whether a message is a cry for help. It needs no Rasa, no network and no database."""
