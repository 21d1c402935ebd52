"""Train a network into weights/.

    python train.py thesis-gaussian          # as printed: 60,000 garments, 100 epochs, batch 2000, Adam, mean square error
    python train.py thesis-gaussian --keep-epochs  # and keep a few epochs of it for the page: <name>.epochs.npz
    python train.py all                      # the six networks of the thesis' table, one after the other
    python train.py thesis-gaussian --resume # go on after Ctrl-C, a crash or with more --epochs, to the same result
    python train.py universal --minutes 70 --photos FOLDER  # one network for all blurs; FOLDER holds photographs, none of them a test picture
    python train.py universal --minutes 70 --photos FOLDER --resume  # another round, from the last one's checkpoint
    python train.py silhouette --epochs 8    # a specialist for the median as printed: the garment from its outline

Cost on two CPU cores: 4 to 10 minutes a network, half an hour to an hour for all six. The network is affine up to its sigmoid, so it
is trained as the one matrix it equals: the same steps (see deblur.networks.Collapsed). `--plain` pushes every picture through every layer
instead, as the thesis did: about a minute an epoch.

What to expect on the test split after 100 epochs, as 100·Σ(x̂−x)²/Σx²: thesis-gaussian 1.66 %, thesis-average 2.48 %,
thesis-median-printed 17.79 %, thesis-bilateral-printed 8.47 %; as meant, thesis-median 8.01 %, thesis-bilateral 1.98 %. Measure them by
`python -m deblur evaluate thesis`, which writes weights/<name>.json and reports/thesis.md.

The universal network has no epochs: it sees freshly blurred pictures until its minutes are over, and its learning rate falls to nothing at
their end. A step, 72 garments or 6 pieces of photographs, costs about 0.35 s of two cores. A checkpoint is written every five minutes; a
killed run is gone on from there. What the network reaches is in weights/universal.json; those figures are measured by the same command
after training, or alone by `python train.py universal --minutes 0`. The specialist for silhouettes takes some three minutes an epoch.
"""

import argparse
import os
import shutil
import signal
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from deblur import epochs as kept_epochs
from deblur.cards import WEIGHTS, Card
from deblur.data import load_fashion_mnist, validation_split
from deblur.image import write_whole
from deblur.reasons import InputError
from deblur.thesis import EXPERIMENTS, Experiment, as_batch

EPOCHS, SILHOUETTE_EPOCHS, BATCH = 100, 8, 2000
UNIVERSAL, SILHOUETTE = "universal", "silhouette"
FOLLOWED = {UNIVERSAL: {"minutes", "photos", "seed", "resume", "data", "into"}, SILHOUETTE: {"epochs", "seed", "data", "into"}}  # the thesis' follow the rest
PHOTOS_VARIABLE = "DEBLUR_PHOTOS"


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=[*EXPERIMENTS, "all", UNIVERSAL, SILHOUETTE], help="the network to train")
    parser.add_argument("--epochs", type=int, help=f"epochs in all (default {EPOCHS}; {SILHOUETTE} {SILHOUETTE_EPOCHS})")
    parser.add_argument("--batch", type=int, default=BATCH, help="pictures a step (default %(default)s)")
    parser.add_argument("--loss", choices=["mse", "binary_crossentropy"], default="mse", help="(default %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the first weights and of the order of the pictures (default %(default)s)")
    parser.add_argument("--images", type=int, metavar="N", help="train on the first N pictures only")
    held = parser.add_mutually_exclusive_group()
    held.add_argument("--validate", action="store_true", help="hold 5,000 of the 60,000 training pictures back and report their loss")
    held.add_argument(
        "--validate-on-test", action="store_true", help="report the loss of the TEST split after each epoch, as the thesis did"
    )
    parser.add_argument("--plain", action="store_true", help="push every picture through every layer: the same steps, some 20 times slower")
    parser.add_argument("--keep-epochs", action="store_true", help="keep the weights of a few epochs too, for the page to leaf through")
    parser.add_argument("--resume", action="store_true", help="go on from the last whole epoch or checkpoint")
    parser.add_argument("--data", metavar="FOLDER", help="folder with Fashion-MNIST (default: see deblur.data)")
    parser.add_argument(
        "--into", type=Path, default=WEIGHTS, metavar="FOLDER", help="where weights, card, history and plot go (default weights/)"
    )
    universal = parser.add_argument_group("universal")
    universal.add_argument("--minutes", type=float, default=70.0, help="how long this round trains (default %(default)s)")
    universal.add_argument(
        "--photos", type=Path, metavar="FOLDER", help=f"photographs (default ${PHOTOS_VARIABLE}, else none)"
    )
    options = parser.parse_args(words)
    for name in vars(options).keys() - {"name"} - FOLLOWED.get(options.name, vars(options).keys() - {"minutes", "photos"}):
        if getattr(options, name) != parser.get_default(name):
            parser.error(f"--{name.replace('_', '-')}: {options.name} does not follow it. Leave it out")
    if options.name == UNIVERSAL and options.photos is None and os.environ.get(PHOTOS_VARIABLE):
        options.photos = Path(os.environ[PHOTOS_VARIABLE])
    if options.epochs is None:
        options.epochs = SILHOUETTE_EPOCHS if options.name == SILHOUETTE else EPOCHS
    for name, least in (("epochs", 0 if options.name == SILHOUETTE else 1), ("batch", 1), ("images", 1)):
        given = getattr(options, name)
        if given is not None and given < least:
            parser.error(f"--{name} {given}: expected a whole number of at least {least}")
    if not 0 <= options.minutes <= 100_000:
        parser.error(f"--minutes {options.minutes}: expected a number from 0 to 100000")
    if options.photos and not options.photos.is_dir():
        parser.error(f"--photos {options.photos}: expected a folder that exists")
    if not options.into.is_dir():
        parser.error(f"--into {options.into}: expected a folder that exists")
    if options.resume and options.name != "all" and not any(_checkpoint(options).glob("*.npz")):
        parser.error(f"--resume: expected a checkpoint in {_checkpoint(options)}. Leave --resume out to begin one")
    command = "python train.py " + " ".join(words if words is not None else sys.argv[1:])
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.name == UNIVERSAL:
            from deblur.rounds import train_round

            train_round(options.minutes, options.photos, options.data, options.seed, options.resume, options.into, command)
            return 0
        if options.name == SILHOUETTE:
            from deblur import silhouette

            silhouette.train(options.epochs, options.data, options.seed, options.into, command)
            return 0
        for name in EXPERIMENTS if options.name == "all" else [options.name]:
            train(EXPERIMENTS[name], options, command)
    except (InputError, OSError) as refusal:
        parser.error(str(refusal))
    except KeyboardInterrupt:
        kept = "Nothing is kept" if options.name == SILHOUETTE else "The last whole epoch or checkpoint is kept: the same command with --resume goes on"
        print(f"\nStopped. {kept}.", file=sys.stderr)
        return 130
    return 0


def _checkpoint(options: argparse.Namespace, name: str | None = None) -> Path:
    return options.into / f".{name or options.name}"


def train(experiment: Experiment, options: argparse.Namespace, command: str) -> None:
    """Train one network and write its weights, card, loss history and plot."""
    images, labels = load_fashion_mnist("train", options.data)
    used = "train"
    validation = None
    if options.validate:
        (images, labels), (held, _) = validation_split(images, labels)
        validation = as_batch(experiment.blur(held)), as_batch(held)
        used = "train less 5,000 for validation"
    elif options.validate_on_test:
        held, _ = load_fashion_mnist("test", options.data)
        validation = as_batch(experiment.blur(held)), as_batch(held)
    images = images[: options.images]
    from tqdm import tqdm

    print(f"{experiment.name}: blurring {len(images):,} pictures", file=sys.stderr)
    blurred = as_batch(experiment.blur(images))

    import keras

    from deblur import networks, training, weights

    keras.utils.set_random_seed(options.seed)
    network = networks.thesis_autoencoder()
    checkpoint = _checkpoint(options, experiment.name)
    if not options.resume and checkpoint.exists():
        shutil.rmtree(checkpoint)
    steps = -(-len(images) // options.batch)
    rows: list[training.Row] = []
    commit = training.commit()
    settings = {
        **{name: getattr(options, name) for name in ("loss", "batch", "seed", "plain")},
        "images": len(images),
        "split": used,
        "validation": _validation_name(options),
        **({"keep_epochs": True} if options.keep_epochs else {}),
    }
    with tqdm(total=options.epochs * steps, initial=training.epochs_done(checkpoint) * steps, unit="step", desc=experiment.name) as bar:
        epochs = training.train_epochs(
            network,
            blurred,
            as_batch(images),
            epochs=options.epochs,
            batch=options.batch,
            loss=options.loss,
            seed=options.seed,
            validation=validation,
            collapse=not options.plain,
            checkpoint=checkpoint,
            settings=settings,
            on_batch=lambda _: bar.update(),
            on_epoch=(lambda epoch: kept_epochs.keep(network.get_weights(), epoch, checkpoint / "epochs")) if options.keep_epochs else None,
        )
        for row in epochs:
            rows.append(row)
            bar.set_postfix({key: f"{value:.5f}" for key, value in row.items() if "loss" in key} | {"epoch": len(rows)})
    card = Card(
        name=experiment.name,
        builder="thesis_autoencoder",
        arguments={},
        degradation={
            "blur": experiment.degradation.blur,
            "values": dict(experiment.degradation.values),
            "storage": experiment.degradation.storage,
            "silhouette": experiment.silhouette,
        },
        data={"set": "Fashion-MNIST", "split": used, "pictures": len(images), "validation": _validation_name(options)},
        training={
            "epochs": len(rows),
            "planned_epochs": EPOCHS,
            "batch": options.batch,
            "loss": options.loss,
            "optimizer": "Adam 0.001",
            "seed": options.seed,
            "form": "plain" if options.plain else "collapsed",
            "final_loss": rows[-1]["loss"],
            "seconds": round(sum(row["seconds"] for row in rows)),
            **training.provenance(),
        },
        commit=commit,
        command=command,
        figures=training.figures_of_same(network, experiment.name, options.into),
    )
    weights.save(network, card, options.into)
    write_whole(options.into / f"{experiment.name}.csv", training.history_csv(rows).encode())
    write_whole(options.into / f"{experiment.name}.png", training.loss_plot(experiment.name, rows))
    if options.keep_epochs:
        kept_epochs.gather(experiment.name, [row["loss"] for row in rows], command, commit, checkpoint / "epochs", options.into)
    print(
        f"{experiment.name}: loss {rows[-1]['loss']:.6f} after {len(rows)} epochs. Figures on the test split: python -m deblur evaluate thesis"
    )


def _validation_name(options: argparse.Namespace) -> str:
    return "5,000 of train" if options.validate else "test (as the thesis; it chooses nothing)" if options.validate_on_test else "none"


if __name__ == "__main__":
    sys.exit(main())
