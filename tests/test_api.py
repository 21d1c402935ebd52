"""The endpoints equal the contract, called as a developer calls them: by the Python client, plain HTTP and the MCP schema."""

import json
import urllib.request

import cv2
import numpy as np
import pytest
from PIL import Image

from deblur.blur import BLURS
from deblur.degrade import Degradation
from deblur.estimate import estimate
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
    assert set(named) == {"/blur", "/restore", "/compare", "/explain", "/estimate"}
    names = [parameter["parameter_name"] for parameter in named["/blur"]["parameters"]]
    assert names == ["picture", "filter", "values", "noise", "salt_pepper", "storage", "quality", "seed"]
    names = [parameter["parameter_name"] for parameter in named["/explain"]["parameters"]]
    assert names == ["picture", "filter", "values", "row", "column", "channel"]
    assert [parameter["parameter_name"] for parameter in named["/estimate"]["parameters"]] == ["picture"]


def test_blur_and_restore_give_what_python_computes(client, source) -> None:
    degradation = Degradation("average", {"size": 5}, noise=0.01)
    blurred = call(client, "/blur", source, filter="average", values={"size": 5}, noise=0.01, seed=3)
    assert np.array_equal(pixels(blurred), to_bytes(degradation.apply(read_image(source), 3)))
    restored = call(client, "/restore", blurred, restorer="wiener", filter="average", values={"size": 5}, noise=0.01)
    expected = RESTORERS["wiener"].restore(read_image(blurred), degradation)
    assert np.abs(pixels(restored).astype(int) - to_bytes(expected)).max() <= 1
    by_camera = call(client, "/restore", blurred, restorer="wiener", filter="average", values={"size": 5}, noise=0.01, border="unknown")
    expected = RESTORERS["wiener"].restore(read_image(blurred), degradation.with_(border="unknown"))
    assert np.abs(pixels(by_camera).astype(int) - to_bytes(expected)).max() <= 1


def test_compare_lists_every_restorer(client, source) -> None:
    entries = call(client, "/compare", source, filter="median")
    assert [entry["name"] for entry in entries] == ["nothing", *RESTORERS, "truth"]
    refused = {entry["name"] for entry in entries if "refused" in entry}
    assert "wiener" in refused and "unsharp" not in refused


def test_explain_gives_the_arithmetic_of_the_pixel(client, source) -> None:
    sharp = to_bytes(read_image(source))
    made = call(client, "/explain", source, filter="average", values={"size": 5}, row=3, column=40, channel=2)
    window = sharp[1:6, [38, 39, 40, 39, 38], 2]  # mirrored at the right edge
    assert np.array_equal(made["window"], window) and made["columns"] == [38, 39, 40, 39, 38]
    assert np.allclose(made["products"], window / 25) and made["total"] == pytest.approx(window.mean())
    assert made["level"] == made["filtered"] == cv2.blur(sharp, (5, 5))[3, 40, 2] and made["agrees"] is True
    assert f"OpenCV says {made['level']}" in made["sentence"] and "Row 3, column 40" in made["sentence"]


def test_explain_shows_the_medians_strip_of_a_grey_picture(client, tmp_path) -> None:
    write_image(tmp_path / "grey.png", photograph((30, 41)))
    sharp = to_bytes(read_image(tmp_path / "grey.png"))
    made = call(client, "/explain", tmp_path / "grey.png", filter="median", values={"size": 3}, row=7, column=9)
    assert made["strip"] == sorted(sharp[6:9, 8:11].ravel().tolist()) and made["rank"] == 4
    assert made["total"] == made["strip"][4] == np.median(sharp[6:9, 8:11])


def test_estimate_ranks_the_filters(client, tmp_path) -> None:
    write_image(tmp_path / "blurred.png", Degradation("average", {"size": 7}).apply(photograph((90, 120, 3))))
    guesses = call(client, "/estimate", tmp_path / "blurred.png")
    found = [made.degradation for made in estimate(read_image(tmp_path / "blurred.png"))]
    assert [guess["filter"] for guess in guesses] == [made.blur if made.blurs else None for made in found]
    assert {*BLURS, None} == {guess["filter"] for guess in guesses}
    confidences = [guess["confidence"] for guess in guesses]
    assert confidences == sorted(confidences, reverse=True) and sum(confidences) == pytest.approx(1)
    assert guesses[0]["filter"] == "average"
    Degradation(guesses[0]["filter"], guesses[0]["values"], guesses[0]["noise"], storage=guesses[0]["storage"])  # what /restore takes


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"row": 30, "channel": 0}, "expected a row from 0 to 29"),
        ({"row": 2.5, "channel": 0}, "row = 2.5: expected a whole number"),
        ({"row": 2}, "expected 0, 1 or 2"),
        ({"channel": 7}, "expected 0, 1 or 2"),
    ],
)
def test_explain_answers_mistakes_with_the_sentence(client, source, values, expected) -> None:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError, match=expected):
        call(client, "/explain", source, **values)


def test_no_event_has_two_listeners_that_keep_the_newest(page_url) -> None:
    """One that was busy fires its whole event again: two such would call each other without end."""
    with urllib.request.urlopen(page_url + "config") as answer:
        listeners = json.load(answer)["dependencies"]
    waiting = [tuple(target) for each in listeners if each["trigger_mode"] == "always_last" for target in each["targets"]]
    own = [(component, event) for component, event in waiting if component is not None and event != "load"]  # "then" and "load" fire one alone
    assert own and len(own) == len(set(own))


def test_plain_http_gives_json_and_sentences(page_url, source) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="sharp.png"\r\nContent-Type: image/png\r\n\r\n' + source.read_bytes() + b"\r\n--x--\r\n"
    )
    upload = urllib.request.Request(page_url + "gradio_api/upload", body, {"Content-Type": "multipart/form-data; boundary=x"})
    with urllib.request.urlopen(upload, timeout=30) as answer:
        path = json.load(answer)[0]
    uploaded = {"path": path, "meta": {"_type": "gradio.FileData"}}
    told = over_http(page_url, "explain", {"picture": uploaded, "filter": "gaussian", "row": 4, "column": 5, "channel": 1})
    made = json.loads(told.split("data: ")[-1])[0]
    assert "event: complete" in told and made["level"] == cv2.GaussianBlur(to_bytes(read_image(source)), (3, 3), 0)[4, 5, 1]
    told = over_http(page_url, "estimate", {"picture": None})
    assert "event: error" in told and "no picture" in told


def over_http(page_url: str, endpoint: str, values: dict) -> str:
    """Everything that the endpoint answers, as text."""
    request = urllib.request.Request(f"{page_url}gradio_api/call/v2/{endpoint}", json.dumps(values).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{page_url}gradio_api/call/{endpoint}/{event}", timeout=60) as stream:
        return stream.read().decode()


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
    for endpoint in ("blur", "explain", "estimate"):
        told = over_http(page_url, endpoint, {"picture": {"path": str(tmp_path / "private.png")}})
        assert "event: error" in told and "not uploaded here" in told


def test_mcp_offers_the_same_verbs(page_url) -> None:
    with urllib.request.urlopen(page_url + "gradio_api/mcp/schema", timeout=30) as answer:
        tools = {tool["name"]: tool for tool in json.load(answer)}
    assert {name.rsplit("_", 1)[-1] for name in tools} == {"blur", "restore", "compare", "explain", "estimate"}
    blur = next(tool for name, tool in tools.items() if name.endswith("blur"))
    assert "Blur a picture" in blur["description"]
    explain = next(tool for name, tool in tools.items() if name.endswith("explain"))
    assert "arithmetic" in explain["description"] and "0 at the top" in explain["inputSchema"]["properties"]["row"]["description"]
