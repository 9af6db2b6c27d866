# `make tables` writes this file: the names of regkit/__init__.py for type checkers.
from regkit import ensembles as ensembles
from regkit import layers as layers
from regkit.comparison.run import compare as compare
from regkit.comparison.strengths.bias_variance_run import bias_variance as bias_variance
from regkit.comparison.strengths.path_run import path as path
from regkit.core.errors import RegkitError as RegkitError
from regkit.core.members.fit import fit_members as fit_members
from regkit.core.model_loading import load_model as load_model
from regkit.core.recipe import Recipe as Recipe
from regkit.core.recipe import explain as explain
from regkit.core.technique import Technique as Technique
from regkit.techniques.augmentation.elastic_distortion import ElasticDistortion as ElasticDistortion
from regkit.techniques.augmentation.flip import Flip as Flip
from regkit.techniques.augmentation.random_crop import RandomCrop as RandomCrop
from regkit.techniques.augmentation.rotation import Rotation as Rotation
from regkit.techniques.augmentation.scale_crop import ScaleCrop as ScaleCrop
from regkit.techniques.augmentation.shear import Shear as Shear
from regkit.techniques.augmentation.translation import Translation as Translation
from regkit.techniques.dropout.drop_connect import DropConnect as DropConnect
from regkit.techniques.dropout.dropout import Dropout as Dropout
from regkit.techniques.dropout.monte_carlo import mc_predict as mc_predict
from regkit.techniques.early_stopping.early_stopping import EarlyStopping as EarlyStopping
from regkit.techniques.labels.label_smoothing import LabelSmoothing as LabelSmoothing
from regkit.techniques.noise.gaussian_noise import GaussianNoise as GaussianNoise
from regkit.techniques.penalties.elastic_net import ElasticNet as ElasticNet
from regkit.techniques.penalties.l1 import L1 as L1
from regkit.techniques.penalties.l2 import L2 as L2
from regkit.techniques.penalties.weight_decay import WeightDecay as WeightDecay

__version__: str
