"""In which order waiting work is served: one total order over all queues."""

from __future__ import annotations

from routing.model import Work

Place = tuple[int, int, int]
"""Sort key of a waiting item; smaller is sooner. The last number is the work's id, so no two are equal."""


def place(work: Work) -> Place:
    """Highest priority, then longest waiting, then lowest id.

    The same order holds across all queues of an agent: TaskRouter does so by default, Asterisk's app_queue only
    with `force_longest_waiting_caller`.
    """
    return (-work.priority, work.virtual_start, work.id)
