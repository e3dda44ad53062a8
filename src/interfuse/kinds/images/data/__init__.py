"""Images: folders, arrays and files of them to pixels of one size, and back to files.

It knows no mathematics of diffusion. Pillow is needed, and is the extra `images`.
"""

from interfuse.io.files import replacing_folder as writing_folder
from interfuse.kinds.images.data.files import write_npz, write_png
from interfuse.kinds.images.data.pictures import animation, grid
from interfuse.kinds.images.data.read import ImageSet, fingerprint, is_images, read_images
from interfuse.kinds.images.data.schema import ImageSchema, describe

__all__ = [
    "ImageSchema",
    "ImageSet",
    "animation",
    "describe",
    "fingerprint",
    "grid",
    "is_images",
    "read_images",
    "write_npz",
    "write_png",
    "writing_folder",
]
