"""The only way out of this app: what happens to a paste, told inside the transaction in which it happens.

A receiver that raises undoes the write. A new paste is told of right before it is stored, and again when it is. Each
signal is sent with `paste`, a pastes.models.Paste, unless it says something else.
"""

from django.dispatch import Signal

#: A new paste is about to be stored, with revision 1. A receiver returns the rows that are to be stored with it, and
#: writes none itself: there may be no transaction, where a single statement stores them all.
paste_published = Signal()

#: A new paste is on disk, with those rows. Whatever a receiver raises is logged; it must be quick.
paste_stored = Signal()

#: A paste has got another revision; `paste.head` is its number.
paste_revised = Signal()

#: A paste is no longer to be seen: hidden or removed by a person, burned by its reader, or expired.
paste_withdrawn = Signal()

#: A hidden paste is to be seen again.
paste_restored = Signal()

#: A paste is erased for good and has to leave every copy, with what copies remember of it. Sent with its `key`, while
#: its texts are still there.
paste_purged = Signal()

#: Somebody asks for a key that is no paste's. Sent outside of transactions, at any rate; a receiver must be quick.
paste_missed = Signal()
