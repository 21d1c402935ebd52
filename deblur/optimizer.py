"""The optimizer of the universal network."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="deblur")
class ConvolutionMuon(keras.optimizers.Muon):
    """Keras' Muon, for the kernels of convolutions too: momentum made orthogonal as a matrix (all inputs of a channel by channels).

    Biases, and the layers named in `exclude_layers`, are left to Adam.

    Source: Jordan 2024, "Muon: An optimizer for hidden layers in neural networks"; the scale of the step: Liu et al. 2025, arXiv:2502.16982.
    """

    def _should_use_adamw(self, variable: Any) -> bool:
        return len(variable.shape) not in (2, 4) or any(name in variable.path for name in self.exclude_layers)

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        self.assign_add(m, gradient + m * (self.momentum - 1))
        direction = gradient + self.momentum * m if self.nesterov else m
        matrix = ops.reshape(direction, (-1, variable.shape[-1]))
        update = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(matrix, self.ns_steps))
        self.assign_sub(variable, ops.reshape(update, variable.shape))
