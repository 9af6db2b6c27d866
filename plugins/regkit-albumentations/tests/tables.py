"""What is to be known of each transform of Albumentations, to try it."""

import numpy as np

from regkit_albumentations.text import _known
from tests.small import images

IMAGES = images(6, side=32)
IMAGE, MASK = IMAGES[0], np.kron(np.eye(2), np.pad(np.ones((12, 12)), 2)).astype("uint8")
VOLUME, BOXES = IMAGES[:4], np.array([[0.2, 0.3, 0.6, 0.7, 1.0]], "float32")
ALL = set(_known()) - {"BboxParams", "KeypointParams", "ToTensor3D", "ToTensorV2"}

# What they need beside p=1.0, as a text; where nothing is said, that is enough.
ARGUMENTS = {
    "Affine": "rotate=(-20, 20)",
    "AtLeastOneBBoxRandomCrop": "20, 20",
    "CenterCrop": "20, 20",
    "CenterCrop3D": "(2, 20, 20)",
    "Compose": "[HorizontalFlip(p=0.5), GaussNoise(p=0.5)]",
    "ConstrainedCoarseDropout": "hole_height_range=(0.3, 0.9), hole_width_range=(0.3, 0.9), mask_indices=[1]",
    "Crop": "x_max=20, y_max=20",
    "CropAndPad": "px=(-4, 4)",
    "CropNonEmptyMaskIfExists": "20, 20",
    "FrequencyMasking": "freq_mask_param=8",
    "GridElasticDeform": "num_grid_xy=(4, 4), magnitude=5",
    "LongestMaxSize": "max_size=20",
    "OneOf": "[HorizontalFlip(p=0.5), GaussNoise(p=0.5)]",
    "OneOrOther": "first=HorizontalFlip(), second=GaussNoise()",
    "Pad": "padding=3",
    "Pad3D": "padding=(1, 2, 3)",
    "PadIfNeeded": "40, 40",
    "PadIfNeeded3D": "min_zyx=(5, 40, 40)",
    "RandomCrop": "20, 20",
    "RandomCrop3D": "size=(2, 20, 20)",
    "RandomGravel": "number_of_patches=3",
    "RandomOrder": "[Blur(p=0.5), GaussNoise(p=0.5)], n=2",
    "RandomResizedCrop": "(20, 20)",
    "RandomSizedBBoxSafeCrop": "20, 20",
    "RandomSizedCrop": "(10, 20), (20, 20)",
    "ReplayCompose": "[HorizontalFlip(p=0.5), GaussNoise(p=0.5)]",
    "Resize": "20, 20",
    "SelectiveChannelTransform": "[HorizontalFlip(p=0.5)], channels=[0, 2]",
    "Sequential": "[HorizontalFlip(p=0.5), GaussNoise(p=0.5)]",
    "SmallestMaxSize": "max_size=20",
    "SomeOf": "[HorizontalFlip(p=0.5), GaussNoise(p=0.5), Blur(p=0.5)], n=2",
    "TimeMasking": "time_mask_param=8",
    "XYMasking": "2, 2, 5, 5",
}

# What they need beside an image, or in its place.
INPUTS = {
    "AtLeastOneBBoxRandomCrop": {"image": IMAGE, "bboxes": BOXES},
    "BBoxSafeRandomCrop": {"image": IMAGE, "bboxes": BOXES},
    "CenterCrop3D": {"volume": VOLUME},
    "CoarseDropout3D": {"volume": VOLUME},
    "ConstrainedCoarseDropout": {"image": IMAGE, "mask": MASK},
    "CropNonEmptyMaskIfExists": {"image": IMAGE, "mask": MASK},
    "CubicSymmetry": {"volume": VOLUME},
    "FDA": {"image": IMAGE, "fda_metadata": [IMAGES[1]]},
    "HistogramMatching": {"image": IMAGE, "hm_metadata": [IMAGES[1]]},
    "MaskDropout": {"image": IMAGE, "mask": MASK},
    "Mosaic": {"image": IMAGE, "mosaic_metadata": [{"image": one} for one in IMAGES[1:4]]},
    "OverlayElements": {"image": IMAGE, "overlay_metadata": {"image": IMAGES[1, :8, :8]}},
    "Pad3D": {"volume": VOLUME},
    "PadIfNeeded3D": {"volume": VOLUME},
    "PixelDistributionAdaptation": {"image": IMAGE, "pda_metadata": [IMAGES[1]]},
    "RandomCrop3D": {"volume": VOLUME},
    "RandomCropNearBBox": {"image": IMAGE, "cropping_bbox": (4, 5, 25, 26)},
    "RandomGravel": {"image": images(1, side=160)[0]},  # on small ones there is no room for any
    "RandomSizedBBoxSafeCrop": {"image": IMAGE, "bboxes": BOXES},
}

NOT_TRIED = {"TextImage": "it reads a font file, which Albumentations does not bring"}

WITHOUT_TEXT = {
    "FDA": "it may hold a function that reads images, and has no config",
    "HistogramMatching": "likewise",
    "Lambda": "it holds functions",
    "PixelDistributionAdaptation": "as FDA",
}

# They draw nothing, or by these arguments one thing only.
STEADY = {
    "AutoContrast",
    "CLAHE",
    "CenterCrop",
    "CenterCrop3D",
    "Crop",
    "Downscale",
    "Equalize",
    "FromFloat",
    "HorizontalFlip",
    "InvertImg",
    "Lambda",
    "LongestMaxSize",
    "Morphological",
    "NoOp",
    "Normalize",
    "Pad",
    "Pad3D",
    "PadIfNeeded",
    "PadIfNeeded3D",
    "Posterize",
    "Resize",
    "SmallestMaxSize",
    "Solarize",
    "TimeReverse",
    "ToFloat",
    "ToGray",
    "ToRGB",
    "ToSepia",
    "Transpose",
    "VerticalFlip",
}

OTHER_SHAPE = {
    "AtLeastOneBBoxRandomCrop",
    "BBoxSafeRandomCrop",
    "CenterCrop",
    "CenterCrop3D",
    "Crop",
    "CropNonEmptyMaskIfExists",
    "CubicSymmetry",
    "LongestMaxSize",
    "Mosaic",
    "Pad",
    "Pad3D",
    "PadIfNeeded",
    "PadIfNeeded3D",
    "RandomCrop",
    "RandomCrop3D",
    "RandomCropFromBorders",
    "RandomCropNearBBox",
    "RandomResizedCrop",
    "RandomScale",
    "RandomSizedBBoxSafeCrop",
    "RandomSizedCrop",
    "Resize",
    "SmallestMaxSize",
}

# More ways to draw than the defaults take.
VARIANTS = [
    "AdditiveNoise('gaussian', 'shared', {'mean_range': (0, 0), 'std_range': (0.1, 0.2)}, p=1.0)",
    "AdditiveNoise('laplace', 'per_pixel', {'mean_range': (0, 0), 'scale_range': (0.1, 0.2)}, p=1.0)",
    "CoarseDropout(fill='random', p=1.0)",
    "CoarseDropout(fill='inpaint_ns', p=1.0)",
    "GaussNoise(per_channel=True, p=1.0)",
    "PixelDropout(drop_value=None, p=1.0)",
    "Spatter(mode='mud', p=1.0)",
]
