"""Wiring of `lecs ledger import`: adopt the file's commons when there is no home yet."""

from collections.abc import Callable
from pathlib import Path

from consent.change import finish_erasures
from consent.founding import adopt_commons
from lecs_pipeline.clock import now
from substrate.record.errors import UnknownCommons
from substrate.store.exchange import Imported, read_export, store_import
from substrate.store.failpoints import failpoint
from substrate.store.home import Home, home_exists, open_home
from substrate.store.models import verify_model


def import_ledger(path: Path, file: Path, say: Callable[[str], None]) -> Imported:
    """Verify everything in the file, then store it.

    Raises:
        UnknownCommons: the file belongs to another commons, or lacks its charter.
    """
    contents = read_export(file)
    charter = contents.documents.get(contents.charter)
    if charter is None:
        raise UnknownCommons("the file does not hold the charter that it names")
    if not home_exists(path):
        adopt_commons(path, charter)
        failpoint("import.adopted")
        say(f"There was no home at {path}: made one for the commons «{charter.body['name']}» of the file.")
    with open_home(path) as home:
        empty = not home.vault.contributions()
        imported = store_import(home, contents)
        # A tombstone by the accepting node, or a withdrawal that asks for it, destroys the copy that is here.
        destroyed = finish_erasures(home, now())
        _install_models(home)
        failpoint("import.models")
    if destroyed:
        say(f"{destroyed} texts that were here had been erased elsewhere: they are destroyed here too.")
    if empty and imported.items:
        say(
            "This home knew of no erasures but those in the file. If the file is older than an erasure, import a "
            "newer one (the vault is not needed): it destroys here what was erased there."
        )
    return imported


def _install_models(home: Home) -> None:
    """The approved redaction models ship with the program: put their bytes in place when they fit the approval."""
    from lecs_pipeline.founding import first_models
    from substrate.store.models import copy_model

    packaged = {model.fields["name"]: model for model in first_models()}
    for approval in home.roles().in_force("ModelApproval"):
        target = home.models / f"{approval.body['name']}-{approval.body['version']}"
        ours = packaged.get(approval.body["name"])
        if ours is not None and not target.exists():
            verify_model(ours.folder, approval.body)
            copy_model(ours.folder, target, approval.body)
