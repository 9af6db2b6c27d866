"""Transforms as text: what is read, what is refused, what stays an object."""

import numpy as np
import pytest

import regkit
from regkit_albumentations import Albumentations
from regkit_albumentations.options import Transform
from regkit_albumentations.text import parsed, written
from tests.small import A

pytestmark = pytest.mark.backend_free

TEXTS = {
    "HorizontalFlip()": "HorizontalFlip()",
    "HorizontalFlip(0.25)": "HorizontalFlip(p=0.25)",
    " HorizontalFlip( p = 1e-1 ) ": "HorizontalFlip(p=0.1)",
    "Blur((3, 5), p=0.5)": "Blur(blur_limit=(3, 5))",
    "Affine(rotate=(-15, 15))": "Affine(rotate=(-15.0, 15.0))",
    "Compose([NoOp(), OneOf([D4(), Blur()], p=0.9)])": "Compose([NoOp(), OneOf([D4(), Blur()], p=0.9)])",
    "SelectiveChannelTransform([Blur()], channels=[1])": "SelectiveChannelTransform([Blur()], channels=[1])",
    "Compose([Blur()], mask_interpolation=0)": "Compose([Blur()], mask_interpolation=0)",
    "OneOrOther(NoOp(), Blur())": "OneOrOther(transforms=[NoOp(), Blur()])",
    "Compose([\n    NoOp(),\n    Blur(),\n])": "Compose([NoOp(), Blur()])",
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_and_written(text):
    assert written(parsed(text)) == TEXTS[text]
    assert parsed(TEXTS[text]).to_dict() == parsed(text).to_dict()


def test_boxes_and_points_are_written_with_what_they_are():
    whole = A.Compose(
        [A.HorizontalFlip()],
        bbox_params=A.BboxParams("coco", ["label"], min_area=4, filter_invalid_bboxes=True),
        keypoint_params=A.KeypointParams("xy", remove_invisible=False),
        additional_targets={"other": "image"},
    )
    again = parsed(written(whole))
    assert again.to_dict() == whole.to_dict()
    assert again.processors["bboxes"].params.filter_invalid_bboxes


def test_arguments_of_boxes_may_be_calls_as_well():
    text = "Compose([NoOp()], bbox_params=BboxParams('yolo', ['label']))"
    assert parsed(text).processors["bboxes"].params.label_fields == ["label"]


HOSTILE = [
    "__import__('os').abort()",
    "Lambda(image=__import__('os'))",
    "Compose([HorizontalFlip(p=__import__('os').getpid())])",
    "albumentations.HorizontalFlip()",
    "HorizontalFlip().__class__",
    "().__class__.__bases__[0]",
    "lambda: HorizontalFlip()",
    "Lambda(image=lambda x, **k: x)",
    "HorizontalFlip(**{'p': 1.0})",
    "Compose(*[[HorizontalFlip()]])",
    "Compose([HorizontalFlip() for _ in (1, 2)])",
    "Compose([HorizontalFlip()] * 3)",
    "HorizontalFlip() if True else NoOp()",
    "(flip := HorizontalFlip())",
    "HorizontalFlip(p=p)",
    "HorizontalFlip(p=1 / 2)",
    "HorizontalFlip(p='a'.join('b'))",
    "HorizontalFlip(p=f'{1}')",
    "HorizontalFlip(p=1j)",
    "Blur(blur_limit={3, 5})",
    "Compose([], bbox_params={**{'format': 'coco'}})",
    "Compose([], bbox_params={[1]: 2})",
    "[HorizontalFlip()]",
    "HorizontalFlip",
    "'HorizontalFlip()'",
    "HorizontalFlip(); NoOp()",
    "import os",
    "HorizontalFlip(",
    "HorizontalFlip()\0",
    "",
    "eval('NoOp()')",
    "open('/etc/passwd')",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_call_with_literals_is_refused(text, monkeypatch):
    def never(*args, **options):
        raise AssertionError("it was run")

    monkeypatch.setattr("os.system", never)
    monkeypatch.setattr("os.getpid", never)
    with pytest.raises(regkit.RegkitError):
        parsed(text)


def test_a_text_that_is_too_deep():
    deep = "Compose([" * 90 + "])" * 90  # Python's own parser stops at a hundred
    assert parsed(deep)
    for count in (300, 100_000):
        with pytest.raises(regkit.RegkitError, match="cannot be read|nested too deep"):
            parsed("Compose([" * count + "])" * count)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("HorizontalFlop()", r"no transform 'HorizontalFlop'; did you mean 'HorizontalFlip'\?"),
        ("Xyzzyx()", r"no transform 'Xyzzyx'\n"),
        ("Compose([Blurr()])", r"'Blur'\?\n    Compose\(\[Blurr\(\)\]\)\n             \^"),
        ("Blur(blurlimit=3)", r"'blurlimit' are not valid .*It takes: blur_limit, p"),
        ("HorizontalFlip(p=2)", r"less than or equal to 1"),
        ("HorizontalFlip(p='a')", r"valid number"),
        ("HorizontalFlip(1, 2)", r"too many positional arguments\. It takes: p"),
        ("HorizontalFlip(1, p=1)", r"multiple values for argument 'p'"),
        ("RandomCrop()", r"height Field required"),
        ("Compose([3])", r"'int' object has no attribute"),
        ("OneOrOther(NoOp())", r"both first and second"),
        ("NoOp()()", r"'NoOp\(\)' is not the name of a transform"),
        ("HorizontalFlip(p=x)", r"'x' is neither a transform nor a literal"),
        ("3", r"a transform belongs here"),
        ("NoOp(p=1, p=1)", r"an argument is given twice"),
    ],
)
def test_a_mistake_is_named(text, message):
    with pytest.raises(regkit.RegkitError, match=message):
        parsed(text)


class Own(A.ImageOnlyTransform):
    def apply(self, img, **params):
        return img


@pytest.mark.parametrize(
    "transform",
    [
        A.Lambda(image=np.copy),
        Own(),
        A.Compose([A.HorizontalFlip(), Own()]),
        A.FDA(read_fn=np.copy),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_has_no_text_stays_the_object(transform):
    assert written(transform) is None
    assert Transform().check(transform) is transform
    assert Albumentations(transform).transform is transform


def test_an_object_with_a_text_is_an_option_as_its_text():
    technique = Albumentations(A.HorizontalFlip(p=0.25), seed=1)
    assert technique.transform == "HorizontalFlip(p=0.25)"
    assert repr(technique) == "Albumentations(transform='HorizontalFlip(p=0.25)', seed=1)"


def test_a_recipe_names_it():
    text = "regkit-albumentations:albumentations('Compose([D4()])', probability=0.5) + l2"
    recipe = regkit.Recipe(text)
    assert recipe[0].transform == "Compose([D4()])"
    assert str(regkit.Recipe(str(recipe))) == str(recipe)


@pytest.mark.parametrize("value", Transform().bad_values())
def test_what_is_no_transform_is_an_option_error(value):
    with pytest.raises(regkit.core.errors.OptionError, match="transform must be a transform or a"):
        Albumentations(value)
