"""The only table of the baseline."""

from typing import ClassVar

from django.db import models


class Row(models.Model):
    """A row with text."""

    content = models.TextField()

    objects: ClassVar[models.Manager["Row"]] = models.Manager()

    class Meta:
        app_label = "floor"

    def __str__(self) -> str:
        return str(self.pk)
