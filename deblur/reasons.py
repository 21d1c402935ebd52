"""Why something was refused: one English sentence, with the code and the fields that let a page say it in another language."""


class Reason(str):
    """A sentence that also carries what it is about."""

    code: str
    fields: dict[str, object]

    def __new__(cls, code: str, sentence: str, **fields: object) -> "Reason":
        self = super().__new__(cls, sentence.format(**fields))
        self.code, self.fields = code, fields
        return self


class InputError(ValueError):
    """A mistake in what the caller gave; `reason` holds the sentence with its code and fields."""

    def __init__(self, code: str, sentence: str, **fields: object) -> None:
        self.reason = Reason(code, sentence, **fields)
        super().__init__(str(self.reason))

    @classmethod
    def of(cls, reason: Reason) -> "InputError":
        """The mistake that a reason tells."""
        error = cls.__new__(cls, str(reason))
        error.reason = reason
        return error
