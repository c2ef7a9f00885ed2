"""The duty desk: the queue of cases, and what staff do with one. No web and no channel in here."""
