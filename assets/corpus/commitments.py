"""Whether every text that is here is, byte for byte, the one that its contributor signed over."""

from assets.stages import UNIQUE, parts
from substrate.store.errors import HomeError, NotFound
from substrate.store.home import Home


def check_commitments(home: Home) -> tuple[int, list[str]]:
    """How many commitments of the stage ``unique`` were checked, and what is wrong; cohort by cohort."""
    problems: list[str] = []
    checked = 0
    for part in parts(home, UNIQUE):
        for contribution, row in part.select("contribution", "row").iter_rows():
            try:
                if home.vault.get(contribution).row != row:
                    problems.append(f"vault: the row of {contribution} is not the one in the ledger")
            except NotFound:
                continue  # Federated, and given on another machine.
            except HomeError as error:
                problems.append(str(error))
            checked += 1
    return checked, problems
