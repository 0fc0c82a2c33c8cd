"""Periodic tasks continue even if the clock is set back."""

from datetime import timedelta

from celery import Celery

from pasteur_site.processes.beat import ClockScheduler


class _Recording(ClockScheduler):
    sent: list[str]

    def apply_entry(self, entry: object, producer: object = None) -> None:
        self.sent.append(entry.name)  # type: ignore[attr-defined]


def test_setting_the_clock_back_delays_no_task_beyond_its_interval() -> None:
    app = Celery("test", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {
        "often": {"task": "often", "schedule": 10.0},
        "seldom": {"task": "seldom", "schedule": 20.0},
    }
    start = app.now()
    scheduler = _Recording(app)

    def sent(seconds: range) -> list[str]:
        scheduler.sent = []
        for second in seconds:
            app.now = lambda now=start + timedelta(seconds=second): now  # type: ignore[method-assign, misc]
            while not scheduler.tick():
                pass
        return sorted(scheduler.sent)

    sent(range(21))

    assert sent(range(-3_600, -3_579)) == ["often", "often", "seldom"]


def test_the_scheduler_checks_the_clock_every_half_minute() -> None:
    app = Celery("test", broker="memory://", set_as_current=False)
    app.conf.beat_schedule = {"seldom": {"task": "seldom", "schedule": 86_400.0}}

    assert ClockScheduler(app).tick() <= 30.0
