"""The data set as one value: its files, its counts, the size and statistics of its images."""

from dataclasses import dataclass

from mnistlab.arch.spec import CLASSES, INPUT_SIZE


@dataclass(frozen=True)
class DataFile:
    """One decompressed file: its name, its size in bytes and its SHA-256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class ImageFiles:
    """The images and the labels of one part, in the same order."""

    images: DataFile
    labels: DataFile


@dataclass(frozen=True)
class ImageDataset:
    """Square grayscale images with labels 0 to `n_classes` − 1, as two pairs of idx files.

    `mean` and `std` are those of the training images' pixels, scaled to 0–1; `image_size` is the
    side in pixels. The last `n_validation` training images in the official order are the hold-out
    protocol's validation images. Raises ValueError if they leave no training images.
    """

    name: str
    train: ImageFiles
    test: ImageFiles
    n_train: int
    n_validation: int
    n_test: int
    image_size: int
    n_classes: int
    mean: float
    std: float

    def __post_init__(self) -> None:
        if not 0 < self.n_validation < self.n_train:
            raise ValueError(f"{self.n_validation} of {self.n_train} images cannot be held out")

    @property
    def n_images(self) -> int:
        """Training and test images together."""
        return self.n_train + self.n_test

    @property
    def n_holdout_train(self) -> int:
        """Training images of the hold-out protocol, without the validation images."""
        return self.n_train - self.n_validation

    @property
    def files(self) -> tuple[DataFile, ...]:
        """All four: training images and labels, test images and labels."""
        return (self.train.images, self.train.labels, self.test.images, self.test.labels)

    @property
    def black(self) -> float:
        """The value of a black pixel after normalization."""
        return -self.mean / self.std


# The checksums are those of the files that Yann LeCun and others published in 1998.
MNIST = ImageDataset(
    name="MNIST",
    train=ImageFiles(
        DataFile(
            "train-images-idx3-ubyte",
            47_040_016,
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        ),
        DataFile(
            "train-labels-idx1-ubyte",
            60_008,
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
    ),
    test=ImageFiles(
        DataFile(
            "t10k-images-idx3-ubyte",
            7_840_016,
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        ),
        DataFile(
            "t10k-labels-idx1-ubyte",
            10_008,
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    n_train=60_000,
    n_validation=10_000,
    n_test=10_000,
    image_size=INPUT_SIZE,
    n_classes=CLASSES,
    mean=0.1307,
    std=0.3081,
)
