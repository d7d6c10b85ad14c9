"""What a program that uses tritonclient does with the gateway; every step asserts.

    python test/python/triton_client.py HOST:PORT ADMIN_KEY

The gateway serves `tiny` and `tiny-int8`. Prints the entities of each text as a JSON document a line.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import numpy as np
from tritonclient import http
from tritonclient.http import aio
from tritonclient.utils import InferenceServerException

TEXTS = ["Angela Merkel visited the BBC in London.", "Zoë 🙂 met Bob in Paris.", "It rains."]


def texts_input(texts: list[str], *, binary: bool = True, column: bool = False) -> http.InferInput:
    array = np.array([text.encode() for text in texts], dtype=np.object_)
    if column:
        array = array.reshape(-1, 1)
    tensor = http.InferInput("text", list(array.shape), "BYTES")
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor


def strings(result: http.InferResult, name: str) -> list[str]:
    values = result.as_numpy(name).flatten()
    return [value.decode() if isinstance(value, bytes) else value for value in values]


def refusal(call: Callable[..., object], *arguments: object, **options: object) -> tuple[str, str]:
    try:
        call(*arguments, **options)
    except InferenceServerException as error:
        return error.status(), error.message()
    raise AssertionError(f"{call.__name__} was not refused")


def check_health(client: http.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("tiny")
    assert client.is_model_ready("tiny", "1")
    assert client.is_model_ready("auto")
    assert not client.is_model_ready("none")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    metadata = client.get_model_metadata("tiny")
    assert metadata["inputs"] == [{"name": "text", "datatype": "BYTES", "shape": [-1]}], metadata
    status, message = refusal(client.get_model_metadata, "none")
    assert status == "404" and "No variant of that name" in message, message


def check_inference(client: http.InferenceServerClient) -> None:
    plain = client.infer("tiny", [texts_input(TEXTS)], request_id="one", timeout=2_000_000)
    assert plain.get_response()["id"] == "one"
    assert strings(plain, "variant") == ["tiny"] * 3
    assert strings(plain, "decision") == ["pinned"] * 3
    entities = strings(plain, "entities")
    assert plain.get_output("entities")["parameters"]["binary_data_size"] > 0

    # Texts in the JSON and a column of them find the same, answered in the JSON.
    wanted = [http.InferRequestedOutput("entities", binary_data=False)]
    other = client.infer(
        "tiny", [texts_input(TEXTS, binary=False, column=True)], outputs=wanted, model_version="1"
    )
    assert other.as_numpy("entities").shape == (3, 1)
    assert strings(other, "entities") == entities
    assert other.as_numpy("variant") is None

    routed = client.infer(
        "auto", [texts_input(TEXTS)], parameters={"on_miss": "degrade", "labels": "PER,LOC"}, priority=1
    )
    assert set(strings(routed, "variant")) <= {"tiny", "tiny-int8"}
    for document in entities:
        print(document)


def check_refusals(client: http.InferenceServerClient) -> None:
    inputs = [texts_input(TEXTS)]
    status, message = refusal(client.infer, "none", inputs)
    assert status == "404", message
    status, message = refusal(client.infer, "auto", inputs, parameters={"min_f1": 2})
    assert status == "422" and "min_f1" in message, message
    options = {"timeout": 1, "parameters": {"on_miss": "reject"}, "headers": {"Cache-Control": "no-cache"}}
    status, message = refusal(client.infer, "auto", inputs, **options)
    assert status == "503" and "fastest allowed variant" in message, message
    status, message = refusal(client.infer, "auto", inputs, sequence_id=5)
    assert status == "422" and "sequence_id" in message, message
    broken = http.InferInput("text", [1], "BYTES")
    broken.set_data_from_numpy(np.array([b"\xff"], dtype=np.object_))
    status, message = refusal(client.infer, "auto", [broken])
    assert status == "400" and "UTF-8" in message, message


def check_repository(client: http.InferenceServerClient, key: str) -> None:
    states = {model["name"]: model["state"] for model in client.get_model_repository_index()}
    assert states == {"tiny": "READY", "tiny-int8": "READY"}, states
    assert refusal(client.load_model, "tiny")[0] == "401"
    assert refusal(client.load_model, "tiny", headers={"Authorization": "Bearer " + "x" * 20})[0] == "403"
    authorized = {"Authorization": f"Bearer {key}"}
    client.unload_model("tiny-int8", headers=authorized)
    assert not client.is_model_ready("tiny-int8")
    assert client.is_model_ready("auto")
    unloaded = client.get_model_repository_index()[1]
    assert (unloaded["state"], unloaded["reason"]) == ("UNAVAILABLE", "retired"), unloaded
    assert refusal(client.infer, "tiny-int8", [texts_input(TEXTS)])[0] == "404"
    status, message = refusal(client.unload_model, "tiny", headers=authorized)
    assert status == "409", message
    client.load_model("tiny-int8", headers=authorized)
    assert client.is_model_ready("tiny-int8")
    assert strings(client.infer("tiny-int8", [texts_input(TEXTS)]), "variant") == ["tiny-int8"] * 3
    status, message = refusal(client.load_model, "tiny", headers=authorized, config="{}")
    assert status == "422" and "config" in message, message


async def check_asyncio(address: str) -> None:
    async with aio.InferenceServerClient(address) as client:
        assert len(await client.get_model_repository_index()) == 2
        result = await client.infer("auto", [texts_input(TEXTS)])
        assert len(strings(result, "entities")) == 3


def main() -> None:
    address, key = sys.argv[1:]
    with http.InferenceServerClient(address) as client:
        check_health(client)
        check_inference(client)
        check_refusals(client)
        check_repository(client, key)
    asyncio.run(check_asyncio(address))


if __name__ == "__main__":
    main()
