"""What every larger command does first: finish what a process that died left undone, and let lapse what is due."""

from consent.change import finish_erasures
from consent.held import expire_held
from consent.superseding import finish_superseding
from substrate.store.home import Home


def tidy_up(home: Home, time: str) -> int:
    """Finish erasures and redactions, and erase held texts whose time has come; how many texts were destroyed."""
    return finish_erasures(home, time) + finish_superseding(home, time) + len(expire_held(home, time))
