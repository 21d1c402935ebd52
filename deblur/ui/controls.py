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


@dataclass
class Controls:
    """The components by the keys of `State.from_fields`, and the groups that show only what counts now."""

    texts: Texts
    by_key: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, gr.Group] = field(default_factory=dict)

    def add(self, key: str, component: gr.components.Component) -> gr.components.Component:
        """Register a component under its key."""
        self.by_key[key] = component
        return component

    def parameter(self, key: str, param: Parameter, text_key: str) -> gr.components.Component:
        """Make the control of one parameter; its meaning stands under its name."""
        label, info = self.texts(f"{text_key}.label"), self.texts.get(f"{text_key}.info")
        if isinstance(param, Param) and param.unit:
            label += f" ({self.texts(f'unit.{param.unit}')})"
        elem_id = "control-" + key.replace(".", "-").replace("_", "-")
        if isinstance(param, Choice):
            options = [(self.texts(f"{text_key}.options.{option}"), option) for option in param.options]
            kind = gr.Radio if len(options) <= 4 else gr.Dropdown
            return self.add(key, kind(options, value=param.default, label=label, info=info, elem_id=elem_id, elem_classes="chips" if kind is gr.Radio else None))
        return self.add(
            key, ParamSlider(param.low, param.high, param.default, step=param.step, label=label, info=info, elem_id=elem_id, buttons=[])
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
                elem_id="control-blur",
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
            gr.Radio(
                self.restorer_choices(None),
                value=default,
                label=self.texts("play.restorer"),
                show_label=False,
                elem_id="control-restorer",
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

    def visible(self, state: State) -> dict[str, bool]:
        """Which groups count in this state."""
        shown = {
            f"blur.{state.blur}",
            f"restorer.{state.restorer}",
            f"storage.{state.after['storage']}",
            "source.garment" if state.source == GARMENT else "source.yours",
            f"source.{state.source}",
        }
        return {name: name in shown for name in self.groups}
