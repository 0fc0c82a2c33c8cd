"""The mirror's numbers for Prometheus, computed from rows at each scrape, so that every process says the same."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gitsync.monitoring import mirror_status

_WHERE = ("remote", "branch")


class _Rows(Collector):
    def collect(self) -> Iterator[Metric]:
        """Yield every metric as it is now."""
        queue = mirror_status.queue()
        yield GaugeMetricFamily("pasteur_changes_pending", "Changes that wait for a push.", queue.pending)
        yield GaugeMetricFamily("pasteur_changes_held", "Changes that may not enter Git yet.", queue.embargoed)
        yield GaugeMetricFamily("pasteur_changes_set_aside", "Changes that the remote refuses.", queue.rejected)
        yield GaugeMetricFamily("pasteur_changes_withheld", "Changes with a credential in them.", queue.on_secret_hold)
        yield GaugeMetricFamily(
            "pasteur_oldest_pending_seconds", "Age of the oldest change that waits.", queue.oldest_seconds
        )
        purges = mirror_status.purges()
        yield GaugeMetricFamily("pasteur_purges_waiting", "Purged pastes still in the history.", len(purges.keys))
        yield GaugeMetricFamily(
            "pasteur_oldest_purge_seconds", "Age of the oldest purge that waits.", purges.oldest_seconds
        )
        commits = CounterMetricFamily("pasteur_commits", "Commits that arrived.", labels=_WHERE)
        pushes = CounterMetricFamily("pasteur_pushes", "Pushes, those that failed too.", labels=_WHERE)
        seconds = CounterMetricFamily("pasteur_push_seconds", "Seconds spent on pushes.", labels=_WHERE)
        failing = GaugeMetricFamily(
            "pasteur_push_failures_in_a_row", "Failures since something arrived.", labels=_WHERE
        )
        failures = CounterMetricFamily("pasteur_push_failures", "Failures by their code.", labels=(*_WHERE, "code"))
        if mirror := mirror_status.current():  # A former remote fails for ever, which is nobody's concern.
            where = (mirror.remote, mirror.branch)
            commits.add_metric(where, mirror.commits)
            pushes.add_metric(where, mirror.pushes)
            seconds.add_metric(where, mirror.push_seconds)
            failing.add_metric(where, mirror.failures)
            for failure in mirror.failed.all():
                failures.add_metric((*where, failure.code), failure.count)
        yield from (commits, pushes, seconds, failing, failures)


def text() -> bytes:
    """Return all metrics in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Rows())
    return generate_latest(registry)
