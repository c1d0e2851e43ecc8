"""`hub doctor`: what is wrong with a set-up, in words, and what to do about it. It changes nothing."""

from __future__ import annotations

from crm_core.store.journal import begin_epoch
from hub.doctor.examination import examine
from hub.doctor.findings import Finding, Level

__all__ = ["Finding", "Level", "begin_epoch", "examine"]
