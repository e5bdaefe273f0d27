"""Where the work of an asset happens, as its configuration says."""

from enum import Enum
from pathlib import Path

import dagster as dg

from assets.mesh.pipes import Context, MeshPipes, PipedAsking


class Place(Enum):
    """``local``: on this machine. ``mesh``: by nodes that this home's node reaches."""

    local = "local"
    mesh = "mesh"


#: Who may read texts of a version or of items: this home's own nodes, or those named in ``job_trusted`` too.
Privacy = Enum("Privacy", {"own-node": "own-node", "trusted": "trusted"})


class Where(dg.Config):
    """Where it happens, and on the mesh who may read the texts. (YAML reads a key ``on`` as true.)"""

    place: Place = Place.local
    privacy: Privacy = Privacy["trusted"]

    def asking(self, context: Context, home: Path) -> PipedAsking | None:
        """Who runs jobs for this step; None where it happens on this machine."""
        return MeshPipes(home).asking(context) if self.place is Place.mesh else None
