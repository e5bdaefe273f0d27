"""What every larger command does first: finish what a process that died left undone, and let lapse what is due."""

from consent.change import finish_erasures
from consent.held import expire_held
from consent.inbox.lapsing import expire_pending
from consent.parties import expire_conversations
from consent.superseding import finish_superseding
from substrate.store.boxes import Boxes
from substrate.store.home import Home


def tidy_up(home: Home, time: str) -> int:
    """Finish erasures and redactions, and erase what nobody confirmed in time; how many given texts were destroyed."""
    expire_pending(home, time)
    Boxes(home.database, home.path).expire(time)
    lapsed = len(expire_held(home, time)) + len(expire_conversations(home, time))
    return finish_erasures(home, time) + finish_superseding(home, time) + lapsed
