from arraynet import naming, random, utils


def test_clear_session_restarts_names_and_streams():
    utils.clear_session()
    first = naming.auto_name("dense"), random.uniform((3,)).numpy().tolist()
    assert (naming.auto_name("dense"), random.uniform((3,)).numpy().tolist()) != first
    utils.clear_session()
    assert (naming.auto_name("dense"), random.uniform((3,)).numpy().tolist()) == first
