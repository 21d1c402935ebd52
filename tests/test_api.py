"""The endpoints equal the contract, called as a developer calls them: by the Python client, plain HTTP and the MCP schema."""

import json
import urllib.request

import numpy as np
import pytest
from PIL import Image

from deblur.degrade import Degradation
from deblur.image import read_image, to_bytes, write_image
from deblur.restore import RESTORERS

from .conftest import photograph


@pytest.fixture(scope="module")
def client(page_url):
    from gradio_client import Client

    return Client(page_url, verbose=False)


@pytest.fixture
def source(tmp_path):
    write_image(tmp_path / "sharp.png", photograph((30, 41, 3)))
    return tmp_path / "sharp.png"


def call(client, endpoint: str, source, **values: object) -> object:
    from gradio_client import handle_file

    return client.predict(handle_file(source), api_name=endpoint, **values)


def pixels(path: str) -> np.ndarray:
    return np.asarray(Image.open(path))


def test_only_the_contract_is_public(client) -> None:
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(named) == {"/blur", "/restore", "/compare"}
    names = [parameter["parameter_name"] for parameter in named["/blur"]["parameters"]]
    assert names == ["picture", "filter", "values", "noise", "salt_pepper", "storage", "quality", "seed"]


def test_blur_and_restore_give_what_python_computes(client, source) -> None:
    degradation = Degradation("average", {"size": 5}, noise=0.01)
    blurred = call(client, "/blur", source, filter="average", values={"size": 5}, noise=0.01, seed=3)
    assert np.array_equal(pixels(blurred), to_bytes(degradation.apply(read_image(source), 3)))
    restored = call(client, "/restore", blurred, restorer="wiener", filter="average", values={"size": 5}, noise=0.01)
    expected = RESTORERS["wiener"].restore(read_image(blurred), degradation)
    assert np.abs(pixels(restored).astype(int) - to_bytes(expected)).max() <= 1


def test_compare_lists_every_restorer(client, source) -> None:
    entries = call(client, "/compare", source, filter="median")
    assert [entry["name"] for entry in entries] == ["nothing", *RESTORERS, "truth"]
    refused = {entry["name"] for entry in entries if "refused" in entry}
    assert "wiener" in refused and "unsharp" not in refused


@pytest.mark.parametrize(
    ("values", "expected"),
    [({"values": {"size": 4}}, "expected an odd whole number"), ({"values": {"fog": 1}}, "no parameter"), ({"noise": 3}, "noise = 3")],
)
def test_mistakes_are_answered_with_the_sentence(client, source, values, expected) -> None:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=expected):
        call(client, "/blur", source, **values)


def test_a_file_of_the_server_is_not_read(page_url, tmp_path) -> None:
    write_image(tmp_path / "private.png", photograph((30, 41)))
    body = json.dumps({"picture": {"path": str(tmp_path / "private.png")}}).encode()
    request = urllib.request.Request(page_url + "gradio_api/call/v2/blur", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{page_url}gradio_api/call/blur/{event}", timeout=30) as stream:
        told = stream.read().decode()
    assert "event: error" in told and "not uploaded here" in told


def test_mcp_offers_the_same_verbs(page_url) -> None:
    with urllib.request.urlopen(page_url + "gradio_api/mcp/schema", timeout=30) as answer:
        tools = {tool["name"]: tool for tool in json.load(answer)}
    assert {name.rsplit("_", 1)[-1] for name in tools} == {"blur", "restore", "compare"}
    blur = next(tool for name, tool in tools.items() if name.endswith("blur"))
    assert "Blur a picture" in blur["description"]
