"""Where the files of runs are: one folder a run, next to the store's own file."""

from pathlib import Path


class RunFolders:
    """The folders of runs below one folder; none of them need exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run_folder(self, run_id: int) -> Path:
        return self.folder / f"{run_id:06}"

    def best_checkpoint_path(self, run_id: int) -> Path:
        """Where the best checkpoint is, or will be; `early_stopping.selected_epoch` decides."""
        return self.run_folder(run_id) / "best.safetensors"

    def last_checkpoint_path(self, run_id: int) -> Path:
        """Where the weights of the run's last epoch are once it has ended."""
        return self.run_folder(run_id) / "last.safetensors"

    def epoch_checkpoint_path(self, run_id: int, epoch: int) -> Path:
        """Where an epoch's weights are, of networks that are small enough to keep them all; the
        record in it is of that epoch alone.
        """
        return self.run_folder(run_id) / "epochs" / f"{epoch:04}.safetensors"

    def resume_path(self, run_id: int) -> Path:
        """Where the training stands that can go on, until the run is done."""
        return self.run_folder(run_id) / "resume.safetensors"

    def predictions_path(self, run_id: int) -> Path:
        """Where it is kept how the best checkpoint read each test image."""
        return self.run_folder(run_id) / "predictions.safetensors"

    def set_aside(self, run_id: int) -> Path:
        """Where the files of a run are that was deleted permanently, until they are removed."""
        return self.folder / f".deleted-{run_id:06}"
