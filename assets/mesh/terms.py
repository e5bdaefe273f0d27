"""The terms of jobs that read texts of this commons: who may, and who may not read along."""

from typing import Any, Final

from compute_mesh.jobservice.writing import Terms

#: Classes that texts of a version or of items may be given to.
PRIVACY: Final = ("own-node", "trusted")


def texts_terms(memory: int, privacy: str) -> Terms:
    """Terms of a job that reads texts of a version or of items: no auditor reads them either.

    Args:
        memory: MiB.

    Raises:
        ValueError: such texts may not be given to such a class.
    """
    if privacy not in PRIVACY:
        raise ValueError(f"texts of a version go to {' or '.join(PRIVACY)} alone")
    chosen: Any = privacy
    return Terms(memory=memory, assurance="none", privacy=chosen)
