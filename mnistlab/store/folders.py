"""Where a training writes: one folder a run, next to the store's own file, and the store's rows."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from mnistlab.stats.score import Score
from mnistlab.store.run import Request, State
from mnistlab.training.epoch import Epoch, Progress


def epoch_checkpoints(best_path: Path) -> list[Path]:
    """The epochs' checkpoints in the folder of this best checkpoint, in the order of the epochs."""
    return sorted((best_path.parent / "epochs").glob("[0-9][0-9][0-9][0-9].safetensors"))


IMPORT_MARK = ".import"
"""An empty file in an imported run's folder until its row is in the store; see `store.trash`."""


class RunFolders:
    """The folders of runs below one folder; they may not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run_folder(self, run_id: int) -> Path:
        return self.folder / f"{run_id:06}"

    def best_checkpoint_path(self, run_id: int) -> Path:
        """Where the best checkpoint is, or will be; `early_stopping.selected_epoch` decides."""
        return self.run_folder(run_id) / "best.safetensors"

    def last_checkpoint_path(self, run_id: int) -> Path:
        """The weights of the run's last epoch, written when the run ends."""
        return self.run_folder(run_id) / "last.safetensors"

    def epoch_checkpoint_path(self, run_id: int, epoch: int) -> Path:
        """An epoch's weights, saved for small networks only; its record has that epoch alone."""
        return self.run_folder(run_id) / "epochs" / f"{epoch:04}.safetensors"

    def resume_path(self, run_id: int) -> Path:
        """The training state that a resumed run continues from, until the run has ended."""
        return self.run_folder(run_id) / "resume.safetensors"

    def predictions_path(self, run_id: int) -> Path:
        """The best checkpoint's predictions of the test images."""
        return self.run_folder(run_id) / "predictions.safetensors"

    def set_aside(self, run_id: int) -> Path:
        """The folder of a run that was deleted permanently, until its files are removed."""
        return self.folder / f".deleted-{run_id:06}"

    def free_id(self, first: int) -> int:
        """The first id from `first` on that no folder has: another store may have left folders."""
        while self.run_folder(first).exists() or self.set_aside(first).exists():
            first += 1
        return first


class TrainingOutput(RunFolders):
    """The store, or on another machine what hands everything on to it."""

    @abstractmethod
    def report(self, run_id: int, message: str, progress: Progress | None = None) -> Request:
        """Write a running run's message and progress, which is its heartbeat; its request."""

    @abstractmethod
    def add_epoch(self, run_id: int, epoch: Epoch) -> None:
        """Add an epoch, whose files are written already."""

    @abstractmethod
    def replace_epochs(self, run_id: int, epochs: Sequence[Epoch]) -> None:
        """Replace the run's epochs by those of its training state."""

    @abstractmethod
    def finish(self, run_id: int, state: State, message: str, test: Score | None = None) -> None:
        """Release a running run: it ends, pauses, or returns to the queue."""
