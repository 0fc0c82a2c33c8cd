"""Signals sent when pastes change, for other apps to follow. This app does not call other apps.

Unless noted otherwise, each signal is sent inside the transaction of the write, which is rolled back if a receiver
raises, and is sent with `paste`, a pastes.models.Paste.
"""

from django.dispatch import Signal

#: Sent before a new paste is stored, outside of its transaction. Receivers must not write to the database, but return
#: unsaved rows that are then stored together with the paste. Sent again if the paste gets a different key.
paste_published = Signal()

#: Sent after a new paste and those rows have been committed. Errors are logged. Receivers must be fast.
paste_stored = Signal()

#: Sent when a paste gets a new revision, `paste.head`.
paste_revised = Signal()

#: Sent when a paste is no longer visible: it was hidden, removed or burned, or has expired.
paste_withdrawn = Signal()

#: Sent when a hidden paste becomes visible again.
paste_restored = Signal()

#: Sent with `key` when a paste is about to be purged and still has its content. Every copy must purge it too.
paste_purged = Signal()

#: Sent when a request contains a key for which there is no paste, often and outside of transactions. Receivers must be
#: fast.
paste_missed = Signal()
