"""Prometheus metrics of the mirror, computed from the database at each scrape so that all processes report the same.

Other parts of the site add theirs with `register`.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gitsync.monitoring import mirror_status

_LABELS = ("remote", "branch")


class _Rows(Collector):
    def collect(self) -> Iterator[Metric]:
        """Yield the current value of every metric."""
        queue = mirror_status.queue()
        yield GaugeMetricFamily("pasteur_changes_pending", "Changes waiting for a push.", queue.pending)
        yield GaugeMetricFamily("pasteur_changes_held", "Changes under embargo.", queue.embargoed)
        yield GaugeMetricFamily("pasteur_changes_set_aside", "Changes that the remote rejected.", queue.rejected)
        yield GaugeMetricFamily("pasteur_changes_withheld", "Changes on secret hold.", queue.on_secret_hold)
        yield GaugeMetricFamily(
            "pasteur_oldest_pending_seconds", "Age of the oldest pending change.", queue.oldest_seconds
        )
        purges = mirror_status.purges()
        yield GaugeMetricFamily(
            "pasteur_purges_waiting", "Purged pastes that are still in the history.", len(purges.keys)
        )
        yield GaugeMetricFamily(
            "pasteur_oldest_purge_seconds", "Age of the oldest pending purge.", purges.oldest_seconds
        )
        commits = CounterMetricFamily("pasteur_commits", "Commits that were pushed.", labels=_LABELS)
        pushes = CounterMetricFamily("pasteur_pushes", "Pushes, including failed ones.", labels=_LABELS)
        seconds = CounterMetricFamily("pasteur_push_seconds", "Seconds spent on pushes.", labels=_LABELS)
        failing = GaugeMetricFamily(
            "pasteur_push_failures_in_a_row", "Failures since the last success.", labels=_LABELS
        )
        failures = CounterMetricFamily("pasteur_push_failures", "Failures by code.", labels=(*_LABELS, "code"))
        if mirror := mirror_status.current():  # The failures of a former remote do not matter.
            labels = (mirror.remote, mirror.branch)
            commits.add_metric(labels, mirror.commits)
            pushes.add_metric(labels, mirror.pushes)
            seconds.add_metric(labels, mirror.push_seconds)
            failing.add_metric(labels, mirror.failures)
            for failure in mirror.failed.all():
                failures.add_metric((*labels, failure.code), failure.count)
        yield from (commits, pushes, seconds, failing, failures)


_collectors: list[Collector] = [_Rows()]


def register(collector: Collector) -> None:
    """Add metrics to those of the mirror."""
    _collectors.append(collector)


def text() -> bytes:
    """Return all metrics in the Prometheus text format."""
    registry = CollectorRegistry(auto_describe=False)
    for collector in _collectors:
        registry.register(collector)
    return generate_latest(registry)
