"""The page's controls, made from the registries: one slider or choice for every parameter, wherever it is declared."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from deblur.blur import BLURS
from deblur.degrade import AFTER_BLUR
from deblur.lessons.trainer import OWN, Trained
from deblur.params import Choice, Param, Parameter
from deblur.restore import RESTORERS
from deblur.ui.state import GARMENT, State, restorers
from deblur.ui.texts import Texts


class ParamSlider(gr.Slider):
    """A slider that never refuses: `State` turns what was typed beside it into the closest value that the parameter allows."""

    is_template = True

    def preprocess(self, payload: float) -> float:
        return payload


class ParamRadio(gr.Radio):
    """A choice that never refuses: `State` takes the default for what is no longer offered, as a visitor's own network after its session."""

    is_template = True

    def preprocess(self, payload: str | int | float | None) -> str | int | float | None:
        return payload


@dataclass
class Controls:
    """The components by the keys of `State.from_fields`, and the groups that show only what counts now.

    Attributes:
        spoils: Holds noise and storage; open where they count.
        moves: How often something else than a hand has set the controls.
        scope: Begins the elements' names: tells the same control apart in two places of the page.
    """

    texts: Texts
    by_key: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, gr.Group] = field(default_factory=dict)
    spoils: gr.Accordion | None = None
    moves: gr.State = field(default_factory=lambda: gr.State(0))
    scope: str = "control"

    def add(self, key: str, component: gr.components.Component) -> gr.components.Component:
        """Register a component under its key."""
        self.by_key[key] = component
        return component

    def parameter(self, key: str, param: Parameter, text_key: str, start: float | None = None) -> gr.components.Component:
        """Make the control of one parameter, a number at its default unless it has to `start` elsewhere; its meaning stands under its name."""
        label, info = self.texts(f"{text_key}.label"), self.texts.get(f"{text_key}.info")
        if isinstance(param, Param) and param.unit:
            label += f" ({self.texts(f'unit.{param.unit}')})"
        elem_id = f"{self.scope}-" + key.replace(".", "-").replace("_", "-")
        if isinstance(param, Choice):
            options = [(self.texts(f"{text_key}.options.{option}"), option) for option in param.options]
            kind = gr.Radio if len(options) <= 4 else gr.Dropdown
            return self.add(key, kind(options, value=param.default, label=label, info=info, elem_id=elem_id, elem_classes="chips" if kind is gr.Radio else None))
        value = param.default if start is None else start
        return self.add(
            key, ParamSlider(param.low, param.high, value, step=param.step, label=label, info=info, elem_id=elem_id, buttons=[])
        )

    def blur(self) -> None:
        """The choice of the filter and, under it, the parameters of each filter in a group of its own."""
        self.add(
            "blur",
            gr.Radio(
                [(self.texts(f"blur.{name}.label"), name) for name in BLURS],
                value="gaussian",
                label=self.texts("play.filter"),
                show_label=False,
                elem_id=f"{self.scope}-blur",
                elem_classes="chips",
            ),
        )
        for name, blur in BLURS.items():
            with gr.Group(visible=name == "gaussian") as self.groups[f"blur.{name}"]:
                gr.HTML(f'<p class="meaning">{self.texts(f"blur.{name}.info")}</p>')
                for param in blur.params:
                    self.parameter(f"blur.{name}.{param.name}", param, f"blur.{name}.{param.name}")

    def after_blur(self) -> None:
        """Noise and storage; the JPEG quality only where it counts."""
        for param in AFTER_BLUR:
            if param.name == "quality":
                with gr.Group(visible=False) as self.groups["storage.jpeg"]:
                    self.parameter(param.name, param, f"after.{param.name}")
            else:
                self.parameter(param.name, param, f"after.{param.name}")

    def restorer(self, default: str) -> None:
        """The choice of the restorer and its own parameters."""
        self.add(
            "restorer",
            ParamRadio(
                self.restorer_choices(None),
                value=default,
                label=self.texts("play.restorer"),
                show_label=False,
                elem_id=f"{self.scope}-restorer",
                elem_classes="chips",
            ),
        )
        for name in (*RESTORERS, OWN):
            with gr.Group(visible=name == default) as self.groups[f"restorer.{name}"]:
                gr.HTML(f'<p class="meaning">{self.texts(f"restorer.{name}.info")}</p>')
                for param in RESTORERS[name].params if name in RESTORERS else ():
                    self.parameter(f"restorer.{name}.{param.name}", param, f"restorer.{name}.{param.name}")

    def restorer_choices(self, trained: Trained | None) -> list[tuple[str, str]]:
        """What the chooser offers a visitor with this network of the own."""
        return [(self.texts(f"restorer.{name}.label"), name) for name in restorers(trained)]

    @property
    def inputs(self) -> list[Any]:
        """What a visitor can change by hand."""
        return [component for component in self.by_key.values() if not isinstance(component, gr.State)]

    def state(self, values: tuple[object, ...]) -> State:
        """The state that the components' values stand for, given in the order of `by_key`."""
        return State.from_fields(dict(zip(self.by_key, values, strict=True)).get)

    @property
    def targets(self) -> list[Any]:
        """Everything that `settings` sets."""
        return [*self.by_key.values(), *self.groups.values(), *([self.spoils] if self.spoils else [])]

    def settings(self, state: State) -> list[object]:
        """All controls and groups set to a state; whoever returns this also counts `moves` up, so that the stage follows."""
        fields, visible = state.fields(), self.visible(state)
        values = [
            gr.update(value=str(fields[key]) if key == "garment" else fields[key]) if key in fields else gr.skip() for key in self.by_key
        ]
        groups = [gr.update(visible=visible[name]) for name in self.groups]
        return [*values, *groups, *([gr.update(open=state.spoilt)] if self.spoils else [])]

    def visible(self, state: State) -> dict[str, bool]:
        """Which groups count in this state."""
        shown = {
            f"blur.{state.blur}",
            f"restorer.{state.restorer}",
            f"storage.{state.after['storage']}",
            "source.garment" if state.source == GARMENT else "source.yours",
            f"source.{state.source}",
        }
        if state.hide == "sharp":
            shown -= {"source.garment"}  # its thumbnails show the sharp picture
        return {name: name in shown for name in self.groups}
