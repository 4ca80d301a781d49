"""Threads for tests of shared loops: the suite itself runs on one, where most parts would stay untested."""

import numpy as np
import pytest


@pytest.fixture(params=[1, 3], ids=["one thread", "three threads"], scope="module")
def threads(request):
    """How many threads share each loop that can be shared, however small it is."""
    team = pytest.importorskip("arraynet_numba.team", reason="the plugin arraynet-numba is not installed")
    from arraynet_numba import tasks

    plain, made = tasks.Calls.__init__, team.Team(request.param)

    def shared(self, *args):
        plain(self, *args)
        work = self.table[:, tasks.WORK]
        work[:] = np.where(work > 0, team.LEAST, work)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(team, "_team", lambda: made)
        patch.setattr(tasks.Calls, "__init__", shared)
        yield request.param
    made.stop()
