from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gitsync', '0021_purge_failures'),
    ]

    operations = [
        migrations.AddField(
            model_name='mirror',
            name='drain_began_at',
            field=models.DateTimeField(null=True, verbose_name='drain at work since'),
        ),
        migrations.AddField(
            model_name='mirror',
            name='drained_at',
            field=models.DateTimeField(null=True, verbose_name='end of the last drain'),
        ),
        migrations.AddField(
            model_name='mirror',
            name='last_drain',
            field=models.TextField(blank=True, verbose_name='what it did'),
        ),
    ]
