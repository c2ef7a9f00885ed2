"""What the content refuses, each with a sentence for a person."""


class ContentError(Exception):
    """The root of what this package raises."""


class EntryNotFound(ContentError):
    """No published entry has this id."""


class AuthorityNotFound(ContentError):
    """No published authority has this id."""


class LibraryEmpty(ContentError):
    """Nothing is published yet: `local-offer content load` loads the seed files."""
