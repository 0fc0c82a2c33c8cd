"""The signals of a paste's life, by which other apps follow it; this app calls no other.

Each is sent inside the transaction of the write, and a receiver that raises undoes it, unless noted otherwise. Each is
sent with `paste`, a pastes.models.Paste, unless noted otherwise.
"""

from django.dispatch import Signal

#: Before a new paste is stored, outside of its transaction. A receiver returns rows that are stored with the paste, and
#: writes none itself. Sent again when the paste gets another key.
paste_published = Signal()

#: After a new paste is stored and committed, with those rows. Errors are logged; a receiver must be fast.
paste_stored = Signal()

#: A paste has a new revision, `paste.head`.
paste_revised = Signal()

#: A paste has gone from the site: hidden, removed, burned or expired.
paste_withdrawn = Signal()

#: A hidden paste is visible again.
paste_restored = Signal()

#: A paste is being purged, its texts are still there; every copy must purge it too. Sent with its `key`.
paste_purged = Signal()

#: A request asked for a key without a paste. Sent outside of transactions and often; a receiver must be fast.
paste_missed = Signal()
