"""One file that carries a ledger to another home, and optionally the vault's items.

The file is lines of JSON: a header, public documents, logs with their leaves and heads, blobs, vault items, and
an end line with the number of lines and the SHA-256 of all before it. Reading verifies everything before
anything is stored. Federated texts are never written. With the vault the file holds texts in the clear: it is
made with mode 0600, and whoever has it can read them.
"""

from substrate.store.exchange.contents import Contents
from substrate.store.exchange.merging import Imported, store_import
from substrate.store.exchange.reading import read_export
from substrate.store.exchange.risk import refuse_for_new_home
from substrate.store.exchange.writing import write_export

__all__ = ["Contents", "Imported", "read_export", "refuse_for_new_home", "store_import", "write_export"]
