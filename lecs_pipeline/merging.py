"""Wiring of `lecs ledger import`: adopt the file's commons when there is no home yet."""

from collections.abc import Callable
from pathlib import Path

from consent.founding import adopt_commons
from consent.upkeep import tidy_up
from lecs_pipeline.clock import now
from substrate.record.errors import UnknownCommons
from substrate.store.exchange import Imported, read_export, refuse_for_new_home, store_import
from substrate.store.failpoints import failpoint
from substrate.store.home import Home, home_exists, open_home
from substrate.store.models import verify_model


def import_ledger(path: Path, file: Path, say: Callable[[str], None], *, accept: bool = False) -> Imported:
    """Verify everything in the file, then store it.

    Raises:
        UnknownCommons: the file belongs to another commons, or lacks its charter.
        LostErasures: it brings texts that may have been erased since, and ``accept`` does not allow that.
    """
    contents = read_export(file)
    charter = contents.documents.get(contents.charter)
    if charter is None:
        raise UnknownCommons("the file does not hold the charter that it names")
    if not home_exists(path):
        if not accept:
            refuse_for_new_home(contents)
        adopt_commons(path, charter)
        failpoint("import.adopted")
        say(f"There was no home at {path}: made one for the commons «{charter.body['name']}» of the file.")
    with open_home(path) as home:
        imported = store_import(home, contents, accepted=now() if accept else "")
        # A tombstone by the accepting node, or a withdrawal that asks for it, destroys the copy that is here.
        destroyed = tidy_up(home, now())
        install_models(home)
        failpoint("import.models")
    if destroyed:
        say(f"{destroyed} texts that were here had been erased or redacted elsewhere: they are destroyed here too.")
    if imported.at_risk:
        say(
            f"{imported.at_risk} texts came in although nothing here was newer than the file: the ledger says so now. "
            "If one was erased since, import a newer export (the vault is not needed): it destroys here what was "
            "erased there."
        )
    return imported


def install_models(home: Home) -> None:
    """The approved redaction models ship with the program: put their bytes in place when they fit the approval."""
    from lecs_pipeline.founding import first_models
    from substrate.store.models import copy_model

    packaged = {model.fields["name"]: model for model in first_models() if model.copied}
    for approval in home.roles().in_force("ModelApproval"):
        target = home.models / f"{approval.body['name']}-{approval.body['version']}"
        ours = packaged.get(approval.body["name"])
        if ours is not None and not target.exists():
            verify_model(ours.folder, approval.body)
            copy_model(ours.folder, target, approval.body)
