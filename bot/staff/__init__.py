"""The people behind the duty desk: accounts, sign-in, sessions, invitations, and the record of what they did."""
