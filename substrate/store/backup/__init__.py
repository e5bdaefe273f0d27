"""Backups of a home: encrypted files in a folder elsewhere, and beside them a journal of what was taken back since.

A backup is older than what happens afterwards. So each folder that ever received one is remembered, and every
erasure, withdrawal, narrowing and decision is written to its journal as well. A restore reads that journal before
any text can be opened, and refuses when it cannot be the one that the home kept writing.
"""

from substrate.store.backup.folders import Standing, keep_told, known_folders
from substrate.store.backup.restoring import Restored, restore_home
from substrate.store.backup.writing import BackedUp, write_backup

__all__ = ["BackedUp", "Restored", "Standing", "keep_told", "known_folders", "restore_home", "write_backup"]
