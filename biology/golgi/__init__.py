from .gelation import *
from .mixture import *
from .matrix import *
from .spanning import *
