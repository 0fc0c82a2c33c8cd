from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gitsync', '0020_purged_texts'),
    ]

    operations = [
        migrations.AddField(
            model_name='purge',
            name='error',
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name='purge',
            name='error_code',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='purge',
            name='retry_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='purge',
            name='tries',
            field=models.PositiveIntegerField(default=0, verbose_name='failures in a row'),
        ),
    ]
