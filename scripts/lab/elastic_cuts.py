"""What one cut of an elastic tagger is worth, in floating point and in int8, run as the gateway runs it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from tokenizers import Tokenizer
from transformers import BertForTokenClassification

from scripts.lab.batches import Batch
from scripts.lab.cards import count_parameters
from scripts.lab.corpus import Sentence, as_text
from scripts.lab.elastic_shapes import ElasticShape, cut_to, masked_to
from scripts.lab.encoding import load_tokenizer
from scripts.lab.onnx_checkpoint import tagger_of
from scripts.lab.onnx_graph import tagger_graph
from scripts.lab.onnx_quantize import quantize
from scripts.lab.runtime import onnx_runner, open_session
from scripts.lab.scoring import entity_counts
from scripts.lab.serving import answer_texts, as_triples, torch_runner

PRECISIONS = ("fp32", "int8")
SAME = 2e-4  # logits; sums of other lengths differ by rounding
FP32_BATCH_SIZE = (
    16  # texts of like length; dynamic int8 takes one, as its scales depend on what runs together
)


@dataclass(frozen=True)
class Cut:
    shape: ElasticShape
    parameters: int
    graphs: Mapping[str, bytes]  # the ONNX file in each precision


def make_cut(model: BertForTokenClassification, shape: ElasticShape) -> Cut:
    """Cuts offline: in torch, then written as ONNX with fp16 storage, and that in int8."""
    graph = tagger_graph(cut_to(model, shape))
    parameters = count_parameters(graph)
    return Cut(
        shape,
        parameters,
        {"fp32": graph.SerializeToString(), "int8": quantize(graph).SerializeToString()},
    )


def cut_f1(
    cut: Cut, precision: str, tokenizer: Tokenizer, sentences: Sequence[Sentence], case_types: bool
) -> float:
    """Served F1 of one split."""
    texts, gold, _ = zip(*(as_text(sentence) for sentence in sentences), strict=True)
    answers = answer_texts(
        onnx_runner(open_session(cut.graphs[precision], threads=1)),
        tokenizer,
        texts,
        case_types=case_types,
        batch_size=1 if precision == "int8" else FP32_BATCH_SIZE,
        what=f"{cut.shape.name} {precision}",
    )
    return entity_counts(gold, [as_triples(answer.viterbi) for answer in answers])[""].figures()["f1"]


def masked_difference(model: BertForTokenClassification, cut: Cut, batches: Sequence[Batch]) -> float:
    """The largest difference of a logit between the cut's file and the whole model with zeros in torch."""
    masked = torch_runner(masked_to(model, cut.shape).eval(), False)
    run = onnx_runner(open_session(cut.graphs["fp32"], threads=1))
    found = 0.0
    for batch in batches:
        attended = batch.attention_mask.numpy() == 1
        found = max(found, float(np.abs(masked(batch)[attended] - run(batch)[attended]).max()))
    return found


@dataclass(frozen=True)
class CutTask:
    """What every cut is measured on."""

    name: str
    model_file: Path
    tokenizer_file: Path
    case_types: bool
    splits: Mapping[str, Mapping[str, Sequence[Sentence]]]  # precision, split
    compared: Sequence[Batch]

    def open(self) -> BertForTokenClassification:
        return tagger_of(onnx.load(self.model_file), self.name).eval()


def measured_cut(task: CutTask, model: BertForTokenClassification, shape: ElasticShape) -> dict[str, object]:
    """F1 and size of one cut. RuntimeError where its logits are not those of the model with zeros."""
    cut = make_cut(model, shape)
    difference = masked_difference(model, cut, task.compared)
    if not difference <= SAME:
        raise RuntimeError(f"the cut {shape.name} differs by {difference:.6f} in a logit from its mask")
    tokenizer = load_tokenizer(task.tokenizer_file)
    record: dict[str, object] = {
        "name": shape.name,
        "layers": list(shape.layers),
        "heads": shape.heads,
        "ffn": shape.ffn,
        "parameters": cut.parameters,
    }
    for precision in PRECISIONS:
        f1 = {
            split: cut_f1(cut, precision, tokenizer, sentences, task.case_types)
            for split, sentences in task.splits[precision].items()
        }
        record[precision] = {"sizeBytes": len(cut.graphs[precision]), "f1": f1}
    return record


def measured_cuts(
    task: CutTask, shapes: Sequence[ElasticShape], processes: int
) -> Iterator[dict[str, object]]:
    """In the order of `shapes`."""
    if processes == 1:
        model = task.open()
        yield from (measured_cut(task, model, shape) for shape in shapes)
        return
    # Not forked: PyTorch's threads would be missing in the copies.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _begin, (task,)) as pool:
        yield from pool.map(_measured, shapes)


_given: list[tuple[CutTask, BertForTokenClassification]] = []  # of a process of the pool


def _begin(task: CutTask) -> None:
    torch.set_num_threads(1)
    _given.append((task, task.open()))


def _measured(shape: ElasticShape) -> dict[str, object]:
    return measured_cut(*_given[0], shape)
