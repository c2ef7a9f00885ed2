"""Conversations: who said what, who answers next, and what is still to be answered."""
