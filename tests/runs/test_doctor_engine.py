"""What `tollbook doctor` says of the engine."""

from __future__ import annotations

import socket

import pytest
from pydantic import ValidationError

from pipeline.config.operations_section import Engine
from pipeline.runs.doctor import engine as doctor_engine
from pipeline.runs.doctor.check import Check
from pipeline.runs.doctor.engine import engine
from tests.support.ports import free_port


def look(**keys: object) -> list[Check]:
    """The checks of a section [engine]."""
    return list(engine(Engine.model_validate(keys)))


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """PySpark seems to be installed."""
    monkeypatch.setattr(doctor_engine, "find_spec", lambda name: name)


def test_of_one_process_nothing_is_said() -> None:
    assert look() == []
    [check] = look(kind="processes", workers=3)
    assert (check.state, check.value) == ("ok", "processes, 3 workers")
    [check] = look(kind="processes")
    assert check.value == "processes, one a core"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("form", ["spark://127.0.0.1:1,127.0.0.1:{}", "sc://127.0.0.1:{}/;a=b"])
def test_an_address_that_answers_is_well(form: str) -> None:
    """Of several masters one is enough."""
    key = "connect" if form.startswith("sc") else "master"
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = form.format(server.getsockname()[1])
        [check] = look(kind="spark", **{key: address})
    assert (check.state, check.exit_code) == ("ok", 0)
    [check] = look(kind="spark", **{key: form.format(free_port())})
    assert (check.state, check.exit_code) == ("error", 1)
    assert "nothing answers" in check.value


@pytest.mark.usefixtures("installed")
def test_what_names_no_machine_is_not_tried() -> None:
    assert [c.state for c in look(kind="spark", master="local[2]")] == ["ok"]
    assert [c.state for c in look(kind="spark", master="spark://")] == ["error"]
    assert [c.state for c in look(kind="spark", master="spark://a:port")] == ["error"]


def test_without_its_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_engine, "find_spec", dict[str, None]().get)
    [check] = look(kind="spark", master="local")
    assert (check.state, check.exit_code) == ("error", 2)
    assert "tollbook[spark]" in str(check.hint)


@pytest.mark.parametrize("address", ["http://x", "", "spark:/a"])
def test_an_address_of_something_else_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="is not an address such as"):
        Engine(kind="spark", master=address)
