"""The command line: python -m deblur blur|restore|estimate|evaluate … (see --help)."""

import argparse
import json
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in app.py

from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

from deblur.blur import BLURS
from deblur.degrade import AFTER_BLUR, BORDERS, Degradation
from deblur.image import read_image, write_image
from deblur.params import Param, Parameter
from deblur.reasons import InputError
from deblur.restore import RESTORERS


def main(words: list[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, or 2 for what the user got wrong."""
    top = parser()
    options, unknown = top.parse_known_args(words)
    if unknown:
        top.error(_not_expected(unknown))
    try:
        return options.run(options)
    except BrokenPipeError:  # whoever read has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains again when it ends
        return 0
    except (InputError, OSError) as problem:
        print(f"deblur: {_missing(problem.filename) if isinstance(problem, FileNotFoundError) else problem}", file=sys.stderr)
        return 2


def _missing(name: str) -> str:
    folder = Path(name).parent
    return f"{name}: there is no such file. Check its name." if folder.is_dir() else f"{name}: there is no folder {folder}. Check its name, or make it."


def _not_expected(unknown: list[str]) -> str:
    flag = unknown[0].lstrip("-").partition("=")[0].replace("-", "_")
    of_a_filter = any(flag == param.name for blur in BLURS.values() for param in blur.params)
    remedy = f"restore takes a value of the filter as --set {flag}=VALUE, blur only those of its filter" if of_a_filter else "leave it out"
    return f"{' '.join(unknown)}: not expected here. See --help; {remedy}."


class OneLine(argparse.ArgumentParser):
    """A parser that tells a mistake in one line, without its usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"deblur: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The parser with all commands; every filter and restorer brings its own flags."""
    top = OneLine(prog="python -m deblur", description="Blur a picture with a known filter, and undo it.")
    commands = top.add_subparsers(required=True, metavar="command")
    blur = commands.add_parser("blur", help="blur a picture file", description="Blur a picture file with one of the filters.")
    filters = blur.add_subparsers(required=True, metavar="filter", dest="blur")
    for name, chosen in BLURS.items():
        one = filters.add_parser(name, help=", ".join(param.name for param in chosen.params))
        _files(one)
        _flags(one, chosen.params)
        _flags(one, AFTER_BLUR)
        one.add_argument("--seed", type=int, default=0, help="of the noise (default 0)")
        one.set_defaults(run=_blur)
    restore = commands.add_parser(
        "restore", help="undo a known blur", description="Undo a known blur: name the restorer, then the filter and what is known of it."
    )
    restorers = restore.add_subparsers(required=True, metavar="restorer", dest="restorer")
    for name, restorer in RESTORERS.items():
        one = restorers.add_parser(name, help=", ".join(param.name for param in restorer.params))
        _files(one)
        own = one.add_argument_group("the restorer")
        _flags(own, restorer.params)
        known = one.add_argument_group("the degradation")
        known.add_argument("--blur", choices=[*BLURS], required=True, help="the filter that blurred it")
        known.add_argument(
            "--set", action="append", default=[], type=_pair, metavar="NAME=VALUE", help="a value of the filter, such as --set size=5; may be repeated"
        )
        _flags(known, AFTER_BLUR)
        known.add_argument(
            "--border", choices=BORDERS, default=BORDERS[0],
            help="what lay around the picture: mirrored, as `blur` continues it, or unknown, as in a photograph blurred in the camera (default %(default)s)",
        )
        one.set_defaults(run=_restore)
    guess = commands.add_parser(
        "estimate", help="which blur did a picture suffer?",
        description="Rank what may have blurred a picture, each filter with its confidence and as flags that `restore` takes, and that nothing did. "
        "If a camera blurred it, add --border unknown to them.",
    )
    guess.add_argument("source", help="blurred picture file to read")
    guess.add_argument("--json", action="store_true", help="as JSON: a list of blur (null: not blurred), values, noise, storage and confidence")
    guess.set_defaults(run=_estimate)
    evaluate = commands.add_parser("evaluate", help="make the reports anew", description="Measure and write reports/.")
    reports = evaluate.add_subparsers(required=True, metavar="report")
    thesis = reports.add_parser("thesis", help="table 4.1 and its figures: about two minutes on two cores")
    thesis.set_defaults(run=_evaluate_thesis)
    every = reports.add_parser("restorers", help="every restorer on every filter: some ten minutes on two cores")
    every.add_argument(
        "--photos", type=Path, metavar="FOLDER", help="photographs in FOLDER/train (to tune on) and FOLDER/val (measured)"
    )
    every.add_argument("--seed", type=int, default=0, help="chooses pictures and noise (default %(default)s)")
    every.set_defaults(run=_evaluate_restorers)
    return top


def _files(command: argparse.ArgumentParser) -> None:
    command.add_argument("source", help="picture file to read")
    command.add_argument("target", help="picture file to write; its suffix says the format")


def _flags(command: argparse._ActionsContainer, params: Iterable[Parameter]) -> None:
    for param in params:
        unit = f" {param.unit}" if isinstance(param, Param) and param.unit else ""
        command.add_argument(
            f"--{param.name.replace('_', '-')}",
            dest=f"param_{param.name}",
            type=_reader(param),
            default=param.default,
            metavar="VALUE",
            help=f"{param.expected}{unit} (default {param.default})",
        )


def _reader(param: Parameter):  # type: ignore[no-untyped-def]
    def read(text: str) -> object:
        try:
            return param.parse(text)
        except ValueError as refusal:
            raise argparse.ArgumentTypeError(str(refusal)) from None

    return read


def _pair(word: str) -> tuple[str, str]:
    name, equals, text = word.partition("=")
    if not (name and equals and text):
        raise argparse.ArgumentTypeError(f"{word!r}: expected a name and a value, such as size=5")
    return name, text


def _values(options: argparse.Namespace, params: Iterable[Parameter]) -> dict[str, object]:
    return {param.name: getattr(options, f"param_{param.name}") for param in params}


def _blur(options: argparse.Namespace) -> int:
    degradation = Degradation(options.blur, _values(options, BLURS[options.blur].params), **_values(options, AFTER_BLUR))  # type: ignore[arg-type]
    write_image(options.target, degradation.apply(read_image(options.source), options.seed))
    return 0


def _restore(options: argparse.Namespace) -> int:
    params = {param.name: param for param in BLURS[options.blur].params}
    values: dict[str, object] = {}
    for name, text in options.set:
        values[name] = params[name].parse(text) if name in params else text  # an unknown name is refused with the known ones
    degradation = Degradation(options.blur, values, border=options.border, **_values(options, AFTER_BLUR))  # type: ignore[arg-type]
    restorer = RESTORERS[options.restorer]
    own = _values(options, restorer.params)
    restored = restorer.restore(read_image(options.source), degradation, **own)
    write_image(options.target, restored)
    doubt = restorer.doubts(degradation, **own)
    if doubt:
        print(f"deblur: note: {doubt}", file=sys.stderr)
    return 0


def _estimate(options: argparse.Namespace) -> int:
    from deblur.estimate import estimate  # reads what it knows of pictures

    guesses = estimate(read_image(options.source))
    if options.json:
        rows = [
            {"blur": known.blur if known.blurs else None, "values": dict(known.values), "noise": known.noise, "storage": known.storage, "confidence": guess.confidence}
            for guess in guesses
            for known in [guess.degradation]
        ]
        print(json.dumps(rows, indent=1))
        return 0
    for guess in guesses:
        known = guess.degradation
        values = "".join(f" --set {name}={value:g}" if not isinstance(value, str) else f" --set {name}={value}" for name, value in known.values.items())
        flags = f"--blur {known.blur}{values} --noise {known.noise:.3g} --storage {known.storage}"
        print(f"{100 * guess.confidence:5.1f} %  {flags if known.blurs else f'not blurred, noise {known.noise:.3g}'}")
    return 0


def _evaluate_thesis(options: argparse.Namespace) -> int:
    from deblur.evaluate import thesis_report  # brings Matplotlib and Keras

    thesis_report()
    return 0


def _hush_libraries() -> None:
    """Send what compiled libraries write on stderr nowhere, as TensorFlow does when it starts; Python's own stderr stays."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding=sys.stderr.encoding, errors="backslashreplace")
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)


def _evaluate_restorers(options: argparse.Namespace) -> int:
    from deblur.evaluate import REPORTS  # brings Matplotlib
    from deblur.evaluate_restorers import run

    run(REPORTS, options.photos, options.seed)
    return 0


if __name__ == "__main__":
    _hush_libraries()
    sys.exit(main())
