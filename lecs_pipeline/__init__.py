"""What a person touches: the `lecs` command line, Dagster definitions, settings and wiring. No domain rules."""

from typing import TYPE_CHECKING

from substrate.store.governed import Governed, governed_by

if TYPE_CHECKING:
    from substrate.record.cut import Cut
    from substrate.store.home import Home


def _governance(home: "Home", as_of: str | None, cut: "Cut | None") -> Governed:
    from lecs_pipeline.in_force import in_force  # The rules are imported once a home is asked for its roles.

    return in_force(home, as_of, cut)


governed_by(_governance)
