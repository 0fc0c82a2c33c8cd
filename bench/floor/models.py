"""The one table of the floor."""

from typing import ClassVar

from django.db import models


class Row(models.Model):
    """A text."""

    content = models.TextField()

    objects: ClassVar[models.Manager["Row"]] = models.Manager()

    class Meta:
        app_label = "floor"

    def __str__(self) -> str:
        return str(self.pk)
