"""Transforms as text and back: `Compose([HorizontalFlip(p=0.5), Affine(rotate=(-15, 15))])`.

    transform = name "(" [name "=" value ("," name "=" value)*] ")"
    value = transform | number | 'text' | True | False | None | list | tuple | dict

A text is data: the names are those of Albumentations' own transforms, everything else is a literal.
It is parsed, never evaluated.
"""

from __future__ import annotations

import ast
import difflib
import enum
import functools
import inspect
import warnings
from typing import Any, NoReturn, cast

from regkit import RegkitError
from regkit_albumentations.library import AnyTransform, Composition, albumentations

__all__ = ["parsed", "written"]

# Base classes, which do nothing themselves; none has an abstract method that would show it.
_BASES = ("BaseCompose", "BasicTransform", "DualTransform", "ImageOnlyTransform", "Transform3D")
# Arguments of compositions that Albumentations leaves out of their configs.
_LEFT_OUT = ("channels", "mask_interpolation")
_NO_ARGUMENT = "not valid for transform"  # what Albumentations warns of an unknown argument


def parsed(text: str) -> AnyTransform:
    """Return the transform that a text describes.

    Raises:
        RegkitError: for a text of another form, an unknown transform, and an argument that a
            transform refuses; it points to the place.

    Example:
        >>> parsed("HorizontalFlip(p=1.0)")
        HorizontalFlip(p=1.0)
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RegkitError(f"transform={text!r} cannot be read: {error}") from None
    if not isinstance(node, ast.Call):
        _fail(text, node, "a transform belongs here, as in 'HorizontalFlip(p=0.5)'")
    try:
        return _value(node, text)
    except RecursionError:
        raise RegkitError(f"a transform of {len(text)} characters is nested too deeply") from None


def _value(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Call):
        return _transform(node, text)
    if isinstance(node, ast.Constant) and not isinstance(node.value, bytes | complex):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _value(node.operand, text)
        if isinstance(number, int | float) and not isinstance(number, bool):
            return -number
    if isinstance(node, ast.List):
        return [_value(element, text) for element in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(element, text) for element in node.elts)
    if isinstance(node, ast.Dict):
        keys = [key for key in node.keys if isinstance(key, ast.Constant)]  # the key of ** is None
        if len(keys) == len(node.keys):
            pairs = zip(keys, node.values, strict=True)
            return {_value(key, text): _value(value, text) for key, value in pairs}
    _fail(
        text,
        node,
        f"{ast.unparse(node)!r} is neither a transform nor a literal. A function, an array or a "
        "model has no text form: give such a transform as an object, in Python",
    )


def _transform(node: ast.Call, text: str) -> AnyTransform:
    if not isinstance(node.func, ast.Name):
        _fail(text, node, f"{ast.unparse(node.func)!r} is not the name of a transform")
    name, known = node.func.id, _known()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        _fail(
            text,
            node,
            f"Albumentations has no transform {name!r}"
            + (f"; did you mean {near[0]!r}?" if near else ""),
        )
    if any(keyword.arg is None for keyword in node.keywords):
        _fail(text, node, "arguments are given one by one, not by **")
    given = [_value(argument, text) for argument in node.args]
    named = {str(keyword.arg): _value(keyword.value, text) for keyword in node.keywords}
    _require_each_once(node, given, named, text, known[name])
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        try:
            made = known[name](*given, **named)
        except RecursionError:
            raise
        except Exception as error:  # of any kind: constructors check little themselves
            _fail(text, node, " ".join(str(error).split()) or type(error).__name__)
    for note in notes:
        if _NO_ARGUMENT in str(note.message):
            _fail(text, node, f"{note.message}. It takes: {', '.join(_defaults(known[name]))}")
        warnings.warn(note.message, note.category, stacklevel=2)
    return made


def _require_each_once(
    node: ast.Call, given: list[Any], named: dict[str, Any], text: str, cls: type
) -> None:
    """Refuse arguments given twice or too many, which Albumentations itself accepts."""
    signature = inspect.signature(cls)
    if len(named) < len(node.keywords):
        _fail(text, node, "an argument is given twice")
    try:
        signature.bind_partial(
            *given, **{k: value for k, value in named.items() if k in signature.parameters}
        )
    except TypeError as error:
        _fail(text, node, f"{error}. It takes: {', '.join(_defaults(cls))}")


def _known() -> dict[str, type]:
    library = albumentations()
    bases = (library.BasicTransform, library.BaseCompose)
    more = {"BboxParams": library.BboxParams, "KeypointParams": library.KeypointParams}
    return more | {
        name: cls
        for name, cls in vars(library).items()
        if inspect.isclass(cls) and issubclass(cls, bases) and name not in _BASES
    }


def _fail(text: str, node: ast.expr, message: str) -> NoReturn:
    line = " ".join(text.strip().splitlines())
    raise RegkitError(f"{message}\n    {line}\n    {' ' * node.col_offset}^") from None


def written(transform: AnyTransform) -> str | None:
    """Return the text of a transform that makes an equal one, or None where there is no such text.

    Example:
        >>> written(albumentations().HorizontalFlip(p=0.25))
        'HorizontalFlip(p=0.25)'
    """
    try:
        config = _config(transform)
        text = _text(config)
        with warnings.catch_warnings(action="ignore"):  # shown when the transform was made
            again = _config(parsed(text))
    # Albumentations, or `parsed` by a RegkitError (a ValueError), raises one of these for a
    # transform with a function or an array, or of a class of the user's: it has no text.
    except (NotImplementedError, TypeError, ValueError, KeyError):
        return None
    return text if again == config else None


def _config(transform: AnyTransform) -> dict[str, Any]:
    """Return the config of `to_dict`, completed by what that leaves out."""
    config: dict[str, Any] = transform.to_dict()["transform"]
    if "transforms" in config:
        config["transforms"] = [_config(step) for step in cast(Composition, transform).transforms]
        left_out = [name for name in _LEFT_OUT if name in _defaults(type(transform))]
        config |= {name: getattr(transform, name) for name in left_out}
    if config.get("bbox_params"):
        params = cast(Composition, transform).processors["bboxes"].params
        config["bbox_params"]["filter_invalid_bboxes"] = params.filter_invalid_bboxes
    return config


def _text(value: object) -> str:
    if isinstance(value, dict) and "__class_fullname__" in value:
        return _call(dict(value))
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_text(key)}: {_text(item)}' for key, item in value.items())}}}"
    value = value.value if isinstance(value, enum.Enum) else value
    if value is None or type(value) in (bool, int, float, str):
        return repr(value)
    raise TypeError(f"{value!r} is not a literal")


def _call(config: dict[str, Any]) -> str:
    name = config.pop("__class_fullname__")
    cls = _known()[name]
    usual = _defaults(cls) | _made_of_defaults(cls)
    given = []
    if "transforms" in config:
        first = next(iter(usual)) == "transforms"  # in OneOrOther it is the third argument
        given = [f"{'' if first else 'transforms='}{_text(config.pop('transforms'))}"]
    given += [
        f"{key}={_text(value)}"
        for key, value in config.items()
        if key in usual and not _same(value, usual[key])
    ]
    return f"{name}({', '.join(given)})"


@functools.cache
def _made_of_defaults(cls: type) -> dict[str, Any]:
    """Return the config that a transform makes of its defaults, which are often None.

    A text leaves out values that are in it: given back, Albumentations may read them as something
    else, such as whole numbers that it turns into real ones.
    """
    empty: list[Any] = [[]] if issubclass(cls, albumentations().BaseCompose) else []
    try:
        with warnings.catch_warnings(action="ignore"):
            config = cls(*empty).to_dict()["transform"]
    except (TypeError, ValueError):  # it needs arguments: errors of Python and of pydantic
        return {}
    return {name: config[name] for name in _defaults(cls) if name in config}


def _same(value: object, default: object) -> bool:
    same_kind = isinstance(value, bool) is isinstance(
        default, bool
    )  # 1 == True, but they are not the same argument
    return same_kind and bool(value == default)


def _defaults(cls: type) -> dict[str, Any]:
    parameters = inspect.signature(cls).parameters.values()
    return {p.name: p.default for p in parameters if p.name != "strict"}
