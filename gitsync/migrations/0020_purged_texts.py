from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gitsync', '0011_held'),
    ]

    operations = [
        migrations.CreateModel(
            name='PurgedText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=32)),
                ('digest', models.CharField(max_length=64)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('digest', 'key'), name='gitsync_one_digest_a_key')],
            },
        ),
    ]
