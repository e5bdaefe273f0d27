"""What can be wrong with a home, in words for the person at the keyboard. No message quotes a text."""


class HomeError(Exception):
    """The base: something about this home stops the work."""


class NoHome(HomeError):
    """There is no home at this place yet."""


class HomeExists(HomeError):
    """There is a home already, and it must not be overwritten."""


class UnsafeKey(HomeError):
    """A key file that others can read, or that is damaged."""


class Tampered(HomeError):
    """Stored bytes are not those that were stored; the message names the file or item."""


class NotFound(HomeError):
    """No such contribution, version, document or blob here."""


class Busy(HomeError):
    """Another process holds what is needed."""


class NewerFormat(HomeError):
    """A later program wrote this home; an older one must not touch it."""


class WrongCode(NotFound):
    """No backup here opens with this code."""


class LostErasures(HomeError):
    """Texts erased since a backup or an export might come back, because nothing here tells which they are."""


class ReadOnly(HomeError):
    """The disk or the file of this home cannot be written."""


class DiskFull(HomeError):
    """There is no room left; nothing is half visible, and the same command goes on once there is."""
