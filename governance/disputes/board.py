"""Who sits on the board: terms in force, less those that were recalled."""

from substrate.record.authority import Roles


def board_at(roles: Roles, time: str) -> frozenset[str]:
    """Persons with a term that has begun, has not ended and was not recalled.

    ``roles`` are those after the chambers enacted: terms and recalls are acts like any other.
    """
    recalled = {act.body["term"] for act in roles.acts.values() if act.kind == "Recall"}
    return frozenset(
        act.body["person"]
        for digest, act in roles.acts.items()
        if act.kind == "BoardTerm" and digest not in recalled and act.body["begins"] <= time < act.body["ends"]
    )
